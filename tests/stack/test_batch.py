"""Batches on a real Livy 0.7.1 with Spark: to success, to failure once, lost, killed, from HDFS, packed."""
import json
import re
import time

import pytest

from desk import Desk  # noqa: F401  (puts the contract tests' helpers on the path)
from fault_proxy import Fault, FaultProxy

OK, FAILED, REFUSED = 0, 1, 3
# A batch starts a Java machine; with all other tests on two cores that takes a while.
DEADLINE = 300

COUNT = """import sys
from pyspark.sql import SparkSession

count = SparkSession.builder.getOrCreate().range(1000).count()
print("counted", count, "for", sys.argv[1:])
"""
FAILING = """import sys
with open(sys.argv[1], "a") as trace:
    trace.write("ran\\n")
print("begun")
raise ValueError("boom")
"""
PACKAGED = """import sys
from greeting.words import hello

print(hello(sys.argv[1]))
"""


class Cluster:
    """`livyd batch` with one profile, and a folder that its Livy reads files from."""

    def __init__(self, desk, livy, **profile):
        self.desk, self.livy = desk, livy
        desk.profiles["cluster"] = {"url": livy.url, **profile}

    def file(self, name, text):
        path = self.livy.files / name
        path.write_text(text)
        return f"file://{path}"

    def batch(self, *words, environment=()):
        words, dashes = list(words), []
        if "--" in words:
            words, dashes = words[:words.index("--")], words[words.index("--"):]
        return self.desk.command("batch", *words, "--profile", "cluster", *dashes, environment=environment,
                                 deadline=DEADLINE)

    def show(self, batch):
        return json.loads(self.batch("show", batch, "--json").output)

    def await_state(self, batch, *states):
        until = time.monotonic() + DEADLINE
        while (shown := self.show(batch))["state"] not in states:
            assert time.monotonic() < until, shown
            time.sleep(0.5)
        return shown


@pytest.fixture
def cluster(desk, livy_plain):
    return Cluster(desk, livy_plain)



def test_a_script_with_arguments_runs_to_success(cluster):
    file = cluster.file("count.py", COUNT)
    done = cluster.batch("submit", file, "--", "--date", "two words", "ü")
    assert done.code == OK, done
    assert "counted 1000 for ['--date', 'two words', 'ü']" in done.output.splitlines(), done
    [batch] = re.findall(r"batch (\d+): success", done.said)

    shown = cluster.show(batch)
    assert shown["state"] == "success" and shown["finished"] and shown["mine"], shown
    assert cluster.show(shown["name"])["batch"] == batch
    listed = [json.loads(line) for line in cluster.batch("list", "--json").output.splitlines()]
    assert listed[0]["batch"] == batch and listed[0]["mine"], listed
    log = cluster.batch("log", batch, "-f").output.splitlines()
    assert log.count("counted 1000 for ['--date', 'two words', 'ü']") == 1, log
    assert cluster.batch("log", batch, "-n", "3").output.splitlines() == log[-3:]


def test_a_script_that_fails_runs_once_and_says_why(cluster, tmp_path):
    trace = tmp_path / "trace"
    done = cluster.batch("submit", cluster.file("failing.py", FAILING), "--", trace)
    assert done.code == FAILED, done
    assert "dead · It failed: ValueError: boom." in done.said, done
    assert "begun" in done.output.splitlines(), done
    assert trace.read_text() == "ran\n"


def test_a_file_that_the_server_may_not_read_is_refused_with_its_words(cluster, tmp_path):
    done = cluster.batch("submit", f"file://{tmp_path}/elsewhere.py")
    assert done.code == REFUSED and "cannot be added" in done.said, done


def test_a_batch_whose_answer_was_lost_is_found_by_its_name(cluster, tmp_path):
    proxy = FaultProxy()
    try:
        door = proxy.door(cluster.livy.direct_url)
        door.add(Fault("drop_after", path="/batches"))
        cluster.desk.profiles["cluster"]["url"] = door.url
        trace = tmp_path / "trace"
        done = cluster.batch("submit", cluster.file("failing.py", FAILING), "--", trace)
        assert done.code == FAILED and "ValueError: boom." in done.said, done
        assert len(door.arrived("POST", "/batches")) == 1
        assert trace.read_text() == "ran\n"
    finally:
        proxy.close()


def test_a_batch_is_killed(cluster, tmp_path):
    ready = tmp_path / "ready"
    # Livy ends spark-submit only; what that has started sees it and goes.
    file = cluster.file("endless.py", "import os, pathlib, sys, time\nparent = os.getppid()\n"
                        "print('waiting')\npathlib.Path(sys.argv[1]).touch()\n"
                        "while os.getppid() == parent:\n    time.sleep(0.1)\n")
    made = cluster.batch("submit", file, "--no-wait", "--", ready)
    assert made.code == OK, made
    batch = made.output.strip()
    until = time.monotonic() + DEADLINE
    while not ready.exists():
        assert time.monotonic() < until, cluster.batch("log", batch).output
        time.sleep(0.1)
    assert cluster.await_state(batch, "running")["finished"] is False
    killed = cluster.batch("kill", batch)
    assert killed.code == OK and f"batch {batch}: killed" in killed.said, killed
    gone = cluster.batch("show", batch)
    assert gone.code == REFUSED and f"There is no batch {batch} on this server" in gone.said, gone


@pytest.fixture
def on_hdfs(desk, livy_hdfs, hdfs):
    return Cluster(desk, livy_hdfs, webhdfs=hdfs.url + "/webhdfs/v1")


def test_a_file_of_this_machine_travels_by_hdfs(on_hdfs):
    (on_hdfs.desk.folder / "work" / "count.py").write_text(COUNT)
    done = on_hdfs.batch("submit", "count.py", "--", "x", environment={"HADOOP_USER_NAME": "alice"})
    assert done.code == OK and "counted 1000 for ['x']" in done.output.splitlines(), done


def test_a_packed_script_needs_nothing_beside_it(on_hdfs):
    work = on_hdfs.desk.folder / "work"
    for folder in ("scripts", "modules/greeting"):
        (work / folder).mkdir(parents=True)
    (work / "modules/greeting/__init__.py").write_text("")
    (work / "modules/greeting/words.py").write_text("def hello(name):\n    return f'hello {name}'\n")
    (work / "scripts/greet.py").write_text(PACKAGED)
    done = on_hdfs.batch("submit", "scripts/greet.py", "--standalone", "--", "alice",
                         environment={"HADOOP_USER_NAME": "alice"})
    assert done.code == OK and "hello alice" in done.output.splitlines(), done
