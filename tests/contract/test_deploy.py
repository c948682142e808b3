"""The code in the session is the code in the editor: deployed, reloaded, never sent twice, and what is said when
that cannot be."""

import hashlib
import os
import random
import time
import zipfile

import fault_proxy
import pytest
from conversation.command_line import Home
from conversation.json_rpc import RpcError
from conversation.project import UPLOADS, Project
from fault_proxy import Fault

OK, RAISED, USAGE, REFUSED = 0, 1, 2, 3
MIB = 1 << 20
WAYS = ["livy", "session"]


@pytest.fixture
def project(home):
    """On the embedded endpoint of this machine."""
    project = Project(home)
    yield project
    project.close()


@pytest.fixture
def remote(home, embedded):
    """On a server behind a door that sees what travels."""
    project = Project(home, embedded)
    yield project
    project.close()


@pytest.fixture
def spark_project(tmp_path, spark_python):
    """On the embedded endpoint of this machine, with Spark."""
    home = Home(tmp_path / "home", spark_python)
    yield Project(home)
    home.close()


def noise(size):
    """Bytes that no zip makes smaller."""
    return random.Random(size).randbytes(size)


def target_of(project, bundle="modules"):
    [target] = [one["target"] for one in project.deployed() if one["bundle"] == bundle and not one["stale"]]
    return target


# ---------------------------------------------------------------- what would be sent

def test_a_plan_shows_what_was_found_and_sends_nothing(project):
    project.file("scripts/job.py", "import etl\n")
    project.profile()
    ended = project.livyd("deploy", "--dry-run")
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines()[1:]}
    assert set(rows) == {"modules", "scripts"}, ended
    assert rows["modules"][1:3] == ["pyFiles", "3"] and "absent" in rows["modules"], ended
    assert "would be sent." in ended.err and "Livy's own upload" in ended.err, ended
    assert project.deployed() == [] and not project.home.processes()


def test_deploying_into_no_session_is_refused_with_what_to_do(project):
    project.profile()
    said = project.livyd("deploy", code=USAGE).err
    assert "Start a session" in said, said


def test_where_there_is_nothing_the_places_are_named(home):
    ended = home.run("deploy", "--dry-run")
    assert ended.code == USAGE and "There is nothing to deploy" in ended.err, ended
    assert home.work in ended.err and '"modules"' in ended.err, ended


# ---------------------------------------------------------------- sessions get it by themselves

def test_a_session_gets_the_project_by_itself(project):
    project.profile()
    assert project.version() == "version 1"
    [row] = project.deployed()
    assert row["bundle"] == "modules" and row["carrier"] == "livy" and not row["stale"], row
    assert row["target"] == f"modules-{row['hash'][:12]}.zip" and len(row["sessions"]) == 1, row


def test_a_session_gets_nothing_when_auto_is_off_until_it_is_deployed(project):
    project.profile(auto=False)
    assert project.run("import importlib.util as u; print(u.find_spec('etl'))") == "None"
    assert project.deployed() == []
    project.livyd("deploy")
    assert project.version() == "version 1"


def test_nothing_is_sent_twice_and_what_changed_is_sent_once(remote):
    remote.profile()
    assert remote.version() == "version 1"
    first = remote.uploads()
    assert len(first) == 1
    assert "Nothing is to be sent." in remote.livyd("deploy").err
    assert remote.uploads() == first
    remote.edit(2)
    assert [row["stale"] for row in remote.deployed()] == [True]
    assert list(remote.plan().values()) == ["changed"]
    assert " sent." in remote.livyd("deploy").err
    assert "Nothing is to be sent." in remote.livyd("deploy").err
    assert len(remote.uploads()) == 2 and remote.uploads()[1] != first[0]
    assert [(row["target"], row["stale"]) for row in remote.deployed()] == [
        (remote.uploads()[1], False), (first[0], True)]


def test_the_next_session_has_the_newest(project):
    project.profile()
    assert project.version() == "version 1"
    project.edit(2)
    project.livyd("session", "restart")
    assert project.version() == "version 2"


def test_what_is_removed_is_forgotten(project):
    project.profile()
    project.version()
    target = target_of(project)
    assert "was removed" in project.livyd("deploy", "rm", target).err
    assert project.deployed() == []
    again = project.livyd("deploy", "rm", target, code=REFUSED)
    assert target in again.err and "livyd has not deployed" in again.err, again
    assert project.version() == "version 1", "a session that runs keeps what it has"


# ---------------------------------------------------------------- the ways

READ = "import etl, hashlib, pkgutil; print(hashlib.sha256(pkgutil.get_data('etl', 'table.bin')).hexdigest())"


@pytest.mark.parametrize("by", WAYS)
def test_a_bundle_of_several_megabytes_arrives_whole(remote, by):
    table = noise(3 * MIB + 17)
    remote.file("modules/etl/table.bin", table)
    remote.profile(by=by)
    assert remote.run(READ) == hashlib.sha256(table).hexdigest()
    assert remote.version() == "version 1"
    assert len(remote.uploads()) == (by == "livy")
    assert [row["carrier"] for row in remote.deployed()] == [by]
    assert "Nothing is to be sent." in remote.livyd("deploy").err


def a_bit_of_everything(project):
    with zipfile.ZipFile(project.file("dist/env.zip", b""), "w") as archive:
        archive.writestr("inside.txt", "of the archive")
    project.file("data/a.csv", "first")
    project.file("data/b.csv", "second")
    project.file("lib/driver.jar", b"PK")
    return [{"name": "packages", "folder": "modules"},
            {"name": "data", "as": "files", "folder": "data"},
            {"name": "env", "as": "archives", "folder": "dist", "include": ["*.zip"], "alias": "unpacked"},
            {"name": "driver", "as": "jars", "folder": "lib"}]


CONTENT = """import glob, os, sys
from pyspark import SparkFiles
def read(name):
    for place in ['.', *sys.path, SparkFiles.getRootDirectory()]:
        for path in glob.glob(os.path.join(place, name)):
            with open(path) as file:
                return file.read()
print([read('a-*.csv'), read('b-*.csv'), read('unpacked/inside.txt')])"""


@pytest.mark.parametrize("by", WAYS)
def test_files_and_archives_arrive_and_a_jar_is_left_out_aloud(spark_project, by):
    project = spark_project
    project.profile(by=by, bundles=a_bit_of_everything(project))
    ended = project.livyd("run", "-c", CONTENT)
    assert ended.out.strip() == "['first', 'second', 'of the archive']", ended
    assert "driver.jar was left out: a jar must be on HDFS before the session starts." in ended.err, ended
    states = {target.split("-")[0]: state for target, state in project.plan().items()}
    assert states == {"packages": "current", "a": "current", "b": "current", "env": "current", "driver": "absent"}
    again = project.livyd("deploy")
    assert "Nothing is to be sent." in again.err and "driver.jar was left out" in again.err, again
    project.file("data/b.csv", "another")
    states = {target.split("-")[0]: state for target, state in project.plan().items()}
    assert (states["a"], states["b"]) == ("current", "changed")


async def not_offered(what):
    await what.own_answer("405 Method Not Allowed", b"")


def test_where_livy_takes_no_files_they_travel_as_text_and_once(remote, monkeypatch):
    monkeypatch.setitem(fault_proxy.FAULTS, "not_offered", not_offered)
    fault = remote.door.add(Fault("not_offered", path=UPLOADS, times=1000))
    remote.profile()
    assert remote.version() == "version 1"
    assert fault.fired.is_set() and [row["carrier"] for row in remote.deployed()] == ["session"]
    asked = len(remote.uploads())
    assert "Nothing is to be sent." in remote.livyd("deploy").err
    assert len(remote.uploads()) == asked


def test_what_is_too_big_for_text_is_said_with_the_way_out(project):
    with open(project.file("data/big.bin", b""), "r+b") as file:
        file.truncate(33 * MIB)
    project.profile(by="session", bundles=[{"name": "data", "as": "files", "folder": "data"}])
    ended = project.livyd("run", "-c", "print('runs')")
    assert ended.out.strip() == "runs", ended
    assert "big.bin" in ended.err and "too big to travel as text" in ended.err and '"webhdfs"' in ended.err, ended


# ---------------------------------------------------------------- reload

def test_only_what_changed_is_sent_and_loaded_again(project):
    project.profile()
    assert project.version() == "version 1"
    project.edit(2)
    done = project.json("reload")[-1]
    assert (done["files"], done["kept"]) == (1, []), done
    assert done["reloaded"] == ["etl.load", "etl"], "the package has a from-import of it"
    assert project.run("import etl; print(etl.version(), etl.load.version())") == "version 2 version 2"
    assert "Nothing has changed" in project.livyd("reload").err


def test_a_named_module_is_loaded_again_alone_and_an_unknown_one_refused(project):
    project.profile()
    project.run("import etl.load\netl.names.PREFIX = 'touched '")
    done = project.json("reload", "etl.names")[-1]
    assert "etl.names" in done["reloaded"], done
    assert project.version() == "version 1"
    ended = project.livyd("reload", "etl.nothing", code=USAGE)
    assert "There is no module etl.nothing" in ended.err, ended


def test_a_file_outside_the_bundles_is_pushed(project):
    project.profile()
    project.version()
    path = project.file("elsewhere/helpers.py", "def help():\n    return 'helped'\n")
    project.livyd("reload", "--push", path)
    assert project.run("import helpers; print(helpers.help())") == "helped"
    project.file("elsewhere/helpers.py", "def help():\n    return 'helped again'\n")
    project.livyd("reload", "--push", path)
    assert project.run("print(helpers.help())") == "helped again"
    assert project.version() == "version 1"


def test_a_module_with_a_syntax_error_stays_the_old_one(project):
    project.profile()
    assert project.version() == "version 1"
    project.edit(2)
    project.file("modules/etl/names.py", "PREFIX = 'version '\ndef broken(:\n")
    ended = project.livyd("reload", code=RAISED)
    assert "etl.names stays the old one: SyntaxError" in ended.err and "line 2" in ended.err, ended
    assert project.version() == "version 2", "the other one is loaded"
    assert "etl.names stays" in project.livyd("reload", code=RAISED).err
    project.file("modules/etl/names.py", "PREFIX = 'fixed '\n")
    assert "etl.names" in project.livyd("reload").err
    assert project.version() == "fixed 2"


def test_a_module_that_raises_when_it_is_loaded_stays_the_old_one(project):
    project.profile()
    assert project.version() == "version 1"
    project.file("modules/etl/load.py", "raise ValueError('not today')\n")
    ended = project.livyd("reload", code=RAISED)
    assert "etl.load stays the old one: ValueError: not today" in ended.err, ended
    assert project.version() == "version 1"


def test_a_deleted_module_is_gone(project):
    project.profile()
    project.file("modules/etl/spare.py", "here = 1\n")
    assert project.run("import etl.spare; print(etl.spare.here)") == "1"
    os.remove(os.path.join(project.home.work, "modules/etl/spare.py"))
    project.livyd("reload")
    assert project.run("try:\n    import etl.spare\nexcept ImportError:\n    print('gone')") == "gone"


def test_before_each_run_where_the_profile_says_so(project):
    project.profile(reload=True)
    assert project.version() == "version 1"
    project.edit(2)
    assert project.run("print(etl.load.version())") == "version 2"
    project.file("modules/etl/load.py", "def broken(:\n")
    ended = project.livyd("run", "-c", "print(etl.load.version())")
    assert ended.out.strip() == "version 2" and "etl.load stays the old one: SyntaxError" in ended.err, ended


def test_without_reload_a_run_has_what_the_session_has(project):
    project.profile()
    assert project.version() == "version 1"
    project.edit(2)
    assert project.version() == "version 1"


def test_without_a_session_nothing_can_be_loaded_again(project):
    project.profile()
    assert "There is no session" in project.livyd("reload", code=REFUSED).err


def test_what_is_deployed_into_a_running_session_is_loaded_by_the_next_reload(project):
    """The zip is in front by then; what was loaded before it is not what it holds."""
    project.profile()
    assert project.version() == "version 1"
    project.edit(2)
    project.livyd("deploy")
    project.livyd("reload")
    assert project.version() == "version 2"


def test_a_package_that_is_installed_there_too_is_ours(home, tmp_path):
    installed = tmp_path / "installed" / "etl"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    (installed / "load.py").write_text("def version():\n    return 'installed'\n")
    home.environment["PYTHONPATH"] = str(installed.parent)
    project = Project(home).profile(auto=False)
    assert project.version() == "installed"
    project.profile()
    project.livyd("session", "restart")
    assert project.version() == "version 1"
    project.edit(2)
    project.livyd("reload")
    assert project.version() == "version 2"


def test_executors_run_ours_too_once_it_is_reloaded(spark_project, tmp_path):
    installed = tmp_path / "installed" / "etl"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    (installed / "load.py").write_text("def version():\n    return 'installed'\n")
    spark_project.home.environment["PYTHONPATH"] = str(installed.parent)
    project = spark_project.profile()
    there = "def there(_):\n    import etl.load\n    return etl.load.version()\n" \
            "import etl.load\nprint(etl.load.version(), set(sc.parallelize(range(4), 2).map(there).collect()))"
    assert project.run(there).startswith("version 1")
    project.edit(2)
    done = project.json("reload")[-1]
    assert done["executors"] == "fresh", done
    assert project.run(there) == "version 2 {'version 2'}"


# ---------------------------------------------------------------- an editor

@pytest.fixture
def window(remote, tmp_path):
    """Opens windows on the project and closes them."""
    opened = []

    def open_window(**deploy):
        opened.append(remote.daemon(tmp_path / "state", **deploy))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()


def told(daemon, method):
    with daemon.said:
        return [one["params"] for one in daemon.notifications if one["method"] == method]


def ran(daemon, code):
    run = daemon.start("here", code)
    assert daemon.finished(run)["result"]["outcome"] == "ok", daemon.text(run)
    return daemon.text(run).strip()


def test_a_session_that_the_reload_before_a_run_finds_gone_is_replaced(remote, embedded, window):
    daemon = window(reload=True)
    assert ran(daemon, "import etl.load; print(etl.load.version())") == "version 1"
    gone = daemon.ask("session/get", {"profile": "here"})["id"]
    remote.edit(2)
    embedded.client.request("DELETE", f"/sessions/{gone}")
    assert ran(daemon, "import etl.load; print(etl.load.version())") == "version 2"
    assert daemon.ask("session/get", {"profile": "here"})["id"] != gone


def test_progress_comes_and_a_change_is_told(remote, window):
    daemon = window(auto=False, by="session")
    remote.file("modules/etl/table.bin", noise(3 * MIB))
    assert ran(daemon, "print('up')") == "up"
    before = len(told(daemon, "deploy/changed"))
    done = daemon.ask("deploy/run", {"profile": "here", "transfer": "first"})
    assert done["bytes"] > 3 * MIB and [one["state"] for one in done["bundles"]] == ["current"], done
    steps = told(daemon, "transfer/progress")
    sending = [one for one in steps if one["text"] == "Sending modules"]
    assert {one["transfer"] for one in steps} == {"first"} and sending, steps
    assert [one["bytes"] for one in sending] == sorted(one["bytes"] for one in sending)
    assert sending[-1]["total"] == done["bytes"] and any(one["bytes"] > MIB for one in sending), sending
    daemon.wait(lambda: len([1 for one in daemon.notifications if one["method"] == "deploy/changed"]) > before,
                "deploy/changed")
    assert daemon.ask("deploy/run", {"profile": "here"})["bytes"] == 0
    assert daemon.ask("deploy/list", {"profile": "here"})["deployed"][0]["sessions"]
    daemon.ask("deploy/remove", {"profile": "here", "target": done["bundles"][0]["target"]})
    assert daemon.ask("deploy/list", {"profile": "here"})["deployed"] == []


@pytest.mark.parametrize("by,held", [("livy", UPLOADS), ("session", "/sessions/[^/]+/statements")])
def test_a_deployment_that_is_cancelled_leaves_nothing(remote, window, tmp_path, by, held):
    daemon = window(auto=False, by=by)
    remote.file("modules/etl/table.bin", noise(3 * MIB))
    ran(daemon, "print('up')")
    seen = len(remote.door.arrived("POST", held))
    fault = remote.door.add(Fault("hold_request", path=held, nth=1 if by == "livy" else 3))
    id = daemon.begin("deploy/run", {"profile": "here"})
    assert fault.fired.wait(60), f"only {len(remote.door.arrived('POST', held)) - seen} requests came"
    daemon.send({"method": "$/cancelRequest", "params": {"id": id}})
    with pytest.raises(RpcError) as cancelled:
        daemon.reply(id)
    assert cancelled.value.code == -32800
    remote.door.faults.clear()
    fault.released.set()
    assert daemon.ask("deploy/list", {"profile": "here"})["deployed"] == []
    assert [name for _, _, names in os.walk(tmp_path) for name in names if name.endswith(".zip")] == []
    assert [one["state"] for one in daemon.ask("deploy/plan", {"profile": "here"})["bundles"]] == ["absent"]
    assert daemon.ask("deploy/run", {"profile": "here"})["bytes"] > 3 * MIB
    assert ran(daemon, READ) == hashlib.sha256(noise(3 * MIB)).hexdigest()


def test_a_reload_after_the_daemon_was_killed_asks_the_session_what_it_has(remote, window):
    first = window()
    assert ran(first, "import etl.load; print(etl.load.version())") == "version 1"
    remote.edit(2)
    first.process.kill()
    first.process.wait()
    second = window()
    done = second.ask("module/reload", {"profile": "here", "modules": [], "push": False})
    assert (done["files"], done["reloaded"]) == (1, ["etl.load", "etl"]), done
    assert ran(second, "print(etl.load.version())") == "version 2"


def test_what_was_deployed_within_one_window_is_loaded_by_its_next_reload(remote, window):
    daemon = window()
    assert ran(daemon, "import etl.load; print(etl.load.version())") == "version 1"
    remote.edit(2)
    daemon.ask("deploy/run", {"profile": "here"})
    daemon.ask("module/reload", {"profile": "here", "modules": [], "push": False})
    assert ran(daemon, "print(etl.load.version())") == "version 2"


def test_the_module_of_the_open_document_is_pushed(remote, window):
    daemon = window()
    ran(daemon, "import etl.names\netl.names.PREFIX = 'touched '\nprint('x')")
    document = os.path.join(remote.home.work, "modules/etl/names.py")
    done = daemon.ask("module/reload", {"profile": "here", "file": document, "modules": [], "push": True})
    assert "etl.names" in done["reloaded"], done
    assert ran(daemon, "import etl.load; print(etl.load.version())") == "version 1"
    with pytest.raises(RpcError) as refused:
        text = remote.file("notes.txt", "no module")
        daemon.ask("module/reload", {"profile": "here", "file": text, "modules": [], "push": True})
    assert "notes.txt is no Python module" in refused.value.message


# ---------------------------------------------------------------- bad input

def refused(project, *words, code=USAGE, **deploy):
    """The plan, the deployment and the start of a session all say it, and none sends anything."""
    project.profile(**deploy)
    for command in (["deploy", "--dry-run"], ["deploy"]):
        ended = project.livyd(*command, code=code)
        for word in words:
            assert word in ended.err, (command, ended)
        assert ended.out == "" and len(ended.err.strip().splitlines()) == 1, ended
    started = project.home.run("run", "--profile", "here", "-c", "print('started')")
    assert any(word in started.err for word in words), started
    assert project.deployed() == []


def test_globs_that_find_nothing(project):
    refused(project, 'The bundle "etl" is empty', '"nothing/**"',
            bundles=[{"name": "etl", "folder": "modules", "include": ["nothing/**"]}])


def test_two_bundles_of_one_name(project):
    project.profile(bundles=[{"name": "etl", "folder": "modules"}, {"name": "etl", "folder": "."}])
    for command in (["deploy", "--dry-run"], ["deploy"], ["run", "-c", "1"]):
        ended = project.livyd(*command, code=USAGE)
        assert 'two bundles with the name "etl"' in ended.err, ended


def test_symbolic_links_in_a_circle(project):
    os.symlink("..", os.path.join(project.home.work, "modules/etl/round"))
    refused(project, "Symbolic links go in a circle at", "modules/etl/round")


def test_a_symbolic_link_to_itself(project):
    os.symlink("self.py", os.path.join(project.home.work, "modules/etl/self.py"))
    refused(project, "Symbolic links go in a circle at", "modules/etl/self.py")


def test_a_file_that_cannot_be_read(project):
    os.symlink("/no/such/file.py", os.path.join(project.home.work, "modules/etl/dangling.py"))
    project.profile()
    for command in (["deploy", "--dry-run"], ["deploy"]):
        ended = project.livyd(*command, code=REFUSED)
        assert "Cannot read" in ended.err and "modules/etl/dangling.py" in ended.err, ended


def test_a_pipe_is_nobodys_file_and_keeps_nobody_waiting(project):
    os.mkfifo(os.path.join(project.home.work, "modules/etl/pipe.py"))
    project.profile()
    assert project.version() == "version 1"


def test_a_folder_that_is_not_there(project):
    refused(project, "does not exist", "/gone", bundles=[{"name": "etl", "folder": "gone"}])


@pytest.mark.parametrize("kind", ["files", "pyFiles", "archives"])
@pytest.mark.parametrize("by", WAYS)
def test_five_gigabytes_are_refused_before_they_are_read(project, kind, by):
    folder = os.path.join(project.home.work, "data")
    os.makedirs(folder)
    with open(os.path.join(folder, "sparse.bin"), "wb") as file:
        file.truncate(5_000_000_000)
    project.profile(by=by, bundles=[{"name": "data", "as": kind, "folder": "data"}])
    daemon = project.home.daemon()
    try:
        daemon.initialize(os.path.join(project.home.folder, "window"),
                          project.settings(by=by, bundles=[{"name": "data", "as": kind, "folder": "data"}]),
                          workspaceFolder=project.home.work)
        read = bytes_read(daemon.process.pid)
        began = time.monotonic()
        with pytest.raises(RpcError) as said:
            daemon.ask("deploy/run", {"profile": "here"}, 300)
        print(f"refused after {time.monotonic() - began:.2f} s")
        assert "sparse.bin" in said.value.message and "100 MiB" in said.value.message, said.value.message
        assert '"webhdfs"' in said.value.message, said.value.message
        assert bytes_read(daemon.process.pid) - read < 50 * MIB
    finally:
        daemon.close()


def bytes_read(pid):
    """By read() and its kin, from wherever."""
    with open(f"/proc/{pid}/io") as counters:
        return int(counters.readline().split()[1])
