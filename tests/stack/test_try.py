"""What scripts/try shows, on the shipped program and a real PySpark, counted again without either."""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def long_text(folder):
    text = folder / "text.txt"
    subprocess.run(
        [sys.executable, ROOT / "examples" / "make_text.py", ROOT / "LICENSE", text], check=True)
    return text


def counted_here(text):
    words = re.findall("[a-z]+", text.read_text().lower())
    counts = collections.Counter(words)
    ranking = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return len(words), len(counts), ranking


def test_the_text_is_long_and_always_the_same(tmp_path):
    first = long_text(tmp_path).read_bytes()
    assert len(first) >= 2**20
    assert long_text(tmp_path).read_bytes() == first


def test_wordcount_on_the_embedded_endpoint_counts_right(livyd, tmp_path):
    text = long_text(tmp_path)
    words, different, ranking = counted_here(text)

    done = livyd.run("run", "--profile", "local", "--once", ROOT / "examples" / "wordcount.py", "--", text, 25)

    assert done.returncode == 0, done.stderr
    headline, *lines = done.stdout.splitlines()
    assert headline == f"{words:,} words, {different:,} different, in {text.stat().st_size:,} bytes"
    assert [(line.split()[0], int(line.split()[1])) for line in lines] == ranking[:25]


def test_what_spark_knows_outlives_the_command(livyd):
    made = livyd.run("run", "--profile", "local", "-c", "spark.range(1000).createOrReplaceTempView('numbers')")
    assert made.returncode == 0, made.stderr

    asked = livyd.run("run", "--profile", "local", "-c", "print(spark.sql('select sum(id) s from numbers').first().s)")

    assert asked.returncode == 0, asked.stderr
    assert asked.stdout == "499500\n"


def test_an_exception_of_spark_is_told_with_its_reason(livyd):
    done = livyd.run("run", "--profile", "local", "-c", "spark.sql('select nothing from nowhere')")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "TABLE_OR_VIEW_NOT_FOUND" in done.stderr
