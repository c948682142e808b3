"""Edited modules in Spark's own Python workers: what a job calls after a push is the new code, and what it would
call without livyd's part in it is the old. With $LIVYD_TEST_LIVY_URL also on that Livy."""
import hashlib
import os
import pathlib
import sys
import zipfile

import pytest

CONTRACT = pathlib.Path(__file__).resolve().parents[1] / "contract"
sys.path.append(str(CONTRACT))

from conversation.agent import Agent  # noqa: E402
from conversation.modules import Modules, sent  # noqa: E402
from conversation.server import EmbeddedServer, ForeignServer  # noqa: E402

LIVY_URL = os.environ.get("LIVYD_TEST_LIVY_URL")
FILES = {
    "__init__.py": "",
    # Each reaches the other through its package, and one has a lock: what pickling by value cannot do.
    "rates.py": "import threading\nimport {0}.names\nlock = threading.Lock()\ndef rate(x):\n    with lock:\n"
                "        return {0}.names.label(x)\n",
    "names.py": "import {0}.rates\nWORD = '{1}'\ndef label(x):\n    return '%s %d' % (WORD, x)\n",
    "plain.py": "WORD = '{1}'\ndef label(x):\n    return '%s %d' % (WORD, x)\nclass Row:\n    word = '{1}'\n",
}


def files_of(package, word, *paths):
    return {f"{package}/{path}": FILES[path].format(package, word) for path in paths or FILES}


@pytest.fixture(scope="module", params=["strict"] + (["real"] if LIVY_URL else []))
def spark(request, tmp_path_factory):
    """A server whose sessions have Spark, and a package that is installed wherever they run."""
    installed = tmp_path_factory.mktemp("installed")
    (installed / "installed").mkdir()
    (installed / "installed" / "__init__.py").write_text("WHO = 'installed'\n")
    if request.param == "real":
        server = ForeignServer(LIVY_URL)
    else:
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(installed)
        server = EmbeddedServer(str(tmp_path_factory.mktemp("reload")), sys.executable, "--strict")
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)
    server.installed = str(installed)
    yield server
    server.close()


@pytest.fixture(scope="module", params=["plain", "agent"])
def modules(request, spark):
    session = spark.client.create().wait_idle(300)
    agent = Agent(session) if request.param == "agent" else None
    if agent:
        agent.install()
    yield Modules(session, agent)
    session.delete()


count = 0


@pytest.fixture
def package(modules, tmp_path):
    """The name of a package that driver and workers got as a zip, through statements; a job has used it."""
    global count
    count += 1
    name = f"etl{count}"
    give_zip(modules, tmp_path, f"{name}.zip", files_of(name, "old"))
    modules.run(f"import {name}.rates, {name}.plain")
    assert on_workers(modules, f"{name}.rates.rate(x)") == ["old 0", "old 1"]
    assert on_workers(modules, f"{name}.plain.label(x)") == ["old 0", "old 1"]
    return name


def give_zip(modules, folder, name, files, field="pyFiles", **more):
    path = folder / name
    with zipfile.ZipFile(str(path), "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert modules.ask("stage", name=digest, at=0, piece=sent(content))["staged"] == len(content)
    answer = modules.ask("add", name=digest, sha256=digest, file=name, field=field, **more)
    assert answer == {"executors": "fresh", "executors_detail": ""}


def on_workers(modules, expression):
    """Of each x in 0 and 1, computed by Spark's Python workers; nothing of it is pickled but names."""
    modules.run(f"def _work(x):\n    import {'.'.join(expression.partition('(')[0].split('.')[:-1])}\n"
                f"    return {expression}\n_made = sc.parallelize(range(2), 2).map(_work).collect()")
    return modules.value("_made")


def test_a_job_calls_the_new_code(modules, package):
    answer = modules.push(files_of(package, "new", "names.py", "plain.py"))
    assert (answer["executors"], answer["executors_detail"], answer["kept"]) == ("fresh", "", [])
    assert modules.value(f"{package}.rates.rate(7), {package}.plain.label(7)") == ("new 7", "new 7")
    assert on_workers(modules, f"{package}.rates.rate(x)") == ["new 0", "new 1"]
    assert modules.value(f"sc.parallelize([5]).map({package}.plain.label).collect()") == ["new 5"]
    assert modules.value(f"sc.parallelize([5]).map(lambda x: {package}.rates.rate(x)).collect()") == ["new 5"]
    answer = modules.push(files_of(package, "third", "names.py"))
    assert on_workers(modules, f"{package}.rates.rate(x)") == ["third 0", "third 1"]


def test_without_another_environment_a_job_would_call_the_old_code(modules, package):
    modules.run("_environment = dict(sc.environment)")
    modules.push(files_of(package, "new", "plain.py"))
    modules.run("_new = dict(sc.environment); sc.environment.clear(); sc.environment.update(_environment)")
    assert on_workers(modules, f"{package}.plain.label(x)") == ["old 0", "old 1"]
    modules.run("sc.environment.update(_new)")
    assert on_workers(modules, f"{package}.plain.label(x)") == ["new 0", "new 1"]


def test_functions_of_data_frames_are_new(modules, package):
    make = f"_udf = __import__('pyspark').sql.functions.udf({package}.plain.label, 'string')"
    look = "[row[0] for row in spark.range(2).select(_udf('id')).collect()]"
    modules.run(make)
    assert modules.value(look) == ["old 0", "old 1"]
    modules.push(files_of(package, "new", "plain.py"))
    # One that was used before keeps its function and its workers; one that is made anew is new.
    assert modules.value(look) == ["old 0", "old 1"]
    modules.run(make)
    assert modules.value(look) == ["new 0", "new 1"]


def test_other_packages_of_the_same_zip_stay(modules, tmp_path):
    """The zip that the package came in is taken from the workers' path, and what else it has is not."""
    name = f"pair{id(modules)}"
    files = {**files_of(name, "old"), f"{name}_other/__init__.py": "def word(x):\n    return 'other %d' % x\n"}
    give_zip(modules, tmp_path, f"{name}.zip", files)
    for number in range(5):  # more than four, which Spark would keep in order
        give_zip(modules, tmp_path, f"{name}-{number}.zip", {f"{name}_{number}.py": ""})
    modules.run(f"import {name}.plain, {name}_other")
    for word in ("one", "two", "three"):
        assert modules.push(files_of(name, word, "plain.py"))["executors"] == "fresh"
        assert on_workers(modules, f"{name}.plain.label(x)") == [f"{word} 0", f"{word} 1"]
        assert on_workers(modules, f"{name}_other.word(x)") == ["other 0", "other 1"]


def test_a_single_module_is_new(modules, tmp_path):
    name = f"single{id(modules)}"
    path = tmp_path / f"{name}.py"
    path.write_text("def word(x):\n    return 'old %d' % x\n")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    modules.ask("stage", name=digest, at=0, piece=sent(content))
    answer = modules.ask("add", name=digest, sha256=digest, file=path.name, field="pyFiles")
    assert answer == {"executors": "fresh", "executors_detail": ""}
    modules.run(f"import {name}")
    assert on_workers(modules, f"{name}.word(x)") == ["old 0", "old 1"]
    assert modules.push({f"{name}.py": "def word(x):\n    return 'new %d' % x\n"})["executors"] == "fresh"
    assert on_workers(modules, f"{name}.word(x)") == ["new 0", "new 1"]


def test_new_and_deleted_files_reach_the_workers(modules, package):
    files = {**files_of(package, "new", "plain.py"), f"{package}/extra.py": "def more(x):\n    return x + 100\n"}
    answer = modules.push(files, [f"{package}/names.py", f"{package}/rates.py"])
    assert answer["executors"] == "fresh"
    modules.run(f"import {package}.extra")
    assert on_workers(modules, f"{package}.extra.more(x)") == [100, 101]
    modules.run(f"def _look(x):\n    try:\n        import {package}.names\n    except ModuleNotFoundError:\n"
                "        return 'gone'\n_made = sc.parallelize([1]).map(_look).collect()")
    assert modules.value("_made") == ["gone"]


def test_what_failed_is_the_old_one_on_the_workers_too(modules, package):
    answer = modules.push({f"{package}/plain.py": "1 / 0\n", f"{package}/names.py": "WORD = 5 5\n"})
    assert [name for name, _ in answer["kept"]] == [f"{package}.names", f"{package}.plain"]
    assert on_workers(modules, f"{package}.plain.label(x)") == ["old 0", "old 1"]
    assert on_workers(modules, f"{package}.rates.rate(x)") == ["old 0", "old 1"]


def test_an_installed_package_is_overlaid(modules, spark):
    if spark.foreign:
        pytest.skip("nothing is installed on that Livy")
    modules.run(f"import sys; sys.path.append({spark.installed!r}); import installed")
    modules.run("def _who(_):\n    import installed\n    return installed.WHO\n"
                "_made = sc.parallelize([1]).map(_who).collect()")
    assert modules.value("_made") == ["installed"]
    answer = modules.push({"installed/__init__.py": "WHO = 'pushed'\n"})
    assert answer["executors"] == "fresh" and answer["reloaded"] == ["installed"]
    modules.run("_made = sc.parallelize([1]).map(_who).collect()")
    assert modules.value("_made, installed.WHO") == (["pushed"], "pushed")


def test_by_value_needs_no_zip_and_no_new_workers(modules, package):
    modules.run(f"_environment = dict(sc.environment); from {package}.plain import Row, label")
    answer = modules.push(files_of(package, "new", "plain.py"), by_value=True)
    assert answer["executors"] == "fresh" and modules.value("_environment == sc.environment")
    modules.run(f"from {package}.plain import Row, label")
    assert modules.value("sc.parallelize([5]).map(label).collect()") == ["new 5"]
    assert modules.value("sc.parallelize([5]).map(lambda x: Row.word).collect()") == ["new"]
    answer = modules.push(files_of(package, "third", "plain.py"))
    assert answer["executors"] == "fresh" and not modules.value("_environment == sc.environment")
    assert on_workers(modules, f"{package}.plain.label(x)") == ["third 0", "third 1"]


def test_workers_that_could_not_be_reached_are_stale_until_the_next_push(modules, package):
    modules.run("def _refuse(_):\n    raise OSError('no room')\nsc.addPyFile = _refuse")
    answer = modules.push(files_of(package, "new", "plain.py"))
    assert answer["executors"] == "stale" and "no room" in answer["executors_detail"], answer
    assert modules.value(f"{package}.plain.label(1)") == "new 1"
    assert on_workers(modules, f"{package}.plain.label(x)") == ["old 0", "old 1"]
    modules.run("del sc.addPyFile")
    assert modules.push({})["executors"] == "fresh"
    assert on_workers(modules, f"{package}.plain.label(x)") == ["new 0", "new 1"]


def test_compiled_code_makes_them_stale(modules, package):
    suffix = modules.value("__import__('importlib').machinery.EXTENSION_SUFFIXES[0]")
    answer = modules.push({f"{package}/fast{suffix}": b"\x7fELF", **files_of(package, "new", "plain.py")})
    assert answer["executors"] == "stale" and f"fast{suffix} is compiled code" in answer["executors_detail"]
    another = f"z{package}"  # what can be renewed is
    assert modules.push({f"{another}.py": "def word(x):\n    return 'z %d' % x\n"})["executors"] == "stale"
    assert on_workers(modules, f"{another}.word(x)") == ["z 0", "z 1"]
    modules.push({}, [f"{package}/fast{suffix}"])
    assert on_workers(modules, f"{package}.plain.label(x)") == ["new 0", "new 1"]


def test_files_and_archives_are_where_spark_puts_them(modules, tmp_path):
    name = f"table{id(modules)}"
    give_zip(modules, tmp_path, f"{name}.zip", {"a.txt": "a"}, "files")
    give_zip(modules, tmp_path, f"{name}-archive.zip", {"bin/b.txt": "b"}, "archives", alias=name)
    modules.run(f"def _read(_):\n    from pyspark import SparkFiles\n    import os\n"
                f"    return os.path.getsize(SparkFiles.get('{name}.zip')) > 0, "
                f"open(os.path.join(SparkFiles.get('{name}'), 'bin', 'b.txt')).read()\n"
                "_made = [_read(0)] + sc.parallelize([1]).map(_read).collect()")
    assert modules.value("_made") == [(True, "b"), (True, "b")]


def test_executors_of_their_own_with_a_working_folder(spark, tmp_path):
    """As on a cluster, where a single file that Livy uploaded comes before everything else."""
    if spark.foreign:
        pytest.skip("that Livy has the master that it has")
    conf = {"spark.master": "local-cluster[1,2,900]", "spark.executor.memory": "500m"}
    session = spark.client.create(conf=conf).wait_idle(300)
    modules = Modules(session)
    give_zip(modules, tmp_path, "etl.zip", {**files_of("etl", "old"), "other.py": "def word(x):\n    return x\n"})
    modules.run("import etl.plain")
    assert on_workers(modules, "etl.plain.label(x)") == ["old 0", "old 1"]
    for word in ("one", "two"):
        assert modules.push(files_of("etl", word, "plain.py"))["executors"] == "fresh"
        assert on_workers(modules, "etl.plain.label(x)") == [f"{word} 0", f"{word} 1"]
        assert on_workers(modules, "other.word(x)") == [0, 1]
    uploaded = tmp_path / "uploaded.py"
    uploaded.write_text("def word(x):\n    return 'old'\n")
    modules.run(f"sc.addPyFile({str(uploaded)!r}); import uploaded")
    answer = modules.push({"uploaded.py": "def word(x):\n    return 'new'\n", **files_of("etl", "third", "plain.py")})
    assert answer["executors"] == "stale"
    assert "uploaded.py was added to this session before" in answer["executors_detail"]
    assert modules.value("uploaded.word(1)") == "new"
    assert on_workers(modules, "uploaded.word(x)") == ["old", "old"]
    assert on_workers(modules, "etl.plain.label(x)") == ["third 0", "third 1"]
    give_zip(modules, tmp_path, "table.zip", {"a.txt": "a"}, "archives", alias="env")
    modules.run("_read = lambda _: open('env/a.txt').read()\n"
                "_made = [_read(0)] + sc.parallelize([1]).map(_read).collect()")
    assert modules.value("_made") == ["a", "a"]
    session.delete()


@pytest.mark.skipif(LIVY_URL is not None, reason="it ends the session's Spark")
def test_a_context_that_began_later_gets_what_was_pushed(spark, tmp_path):
    session = spark.client.create().wait_idle(300)
    modules = Modules(session)
    give_zip(modules, tmp_path, "etl.zip", files_of("etl", "old"))
    modules.run("import etl.plain")
    assert modules.push(files_of("etl", "new", "plain.py"))["executors"] == "fresh"
    modules.run("sc.stop()")
    assert modules.push({})["executors"] == "none"
    modules.run("from pyspark.sql import SparkSession; spark = SparkSession.builder.getOrCreate(); sc = spark.sparkContext")
    assert modules.push({})["executors"] == "fresh"
    assert on_workers(modules, "etl.plain.label(x)") == ["new 0", "new 1"]
    session.delete()
