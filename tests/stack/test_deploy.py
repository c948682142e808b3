"""A project on a real HDFS: sent once, checked there, whole or not at all; and hdfs/* as an editor asks for it."""
import io
import json
import os
import random
import signal
import sys
import time
import urllib.parse
import zipfile

import pytest
import requests

import desk as _  # noqa: F401  (puts the contract tests' helpers on the path)
from conversation import fake_livy as fake
from conversation.json_rpc import RpcError
from conversation.server import EmbeddedServer
from fault_proxy import FaultProxy
from test_hdfs import CuttingProxy, await_true, file_of

DEADLINE = 240
MIB = 1 << 20
CANCELLED = -32800


class Target:
    """An HDFS as its administrator sees it, not through livyd."""

    def __init__(self, hdfs):
        self.hdfs = hdfs

    def ask(self, method, path, op, user="hdfs", **more):
        address = f"{self.hdfs.direct_url}/webhdfs/v1{urllib.parse.quote(path)}?op={op}&user.name={user}"
        return requests.request(method, address, timeout=60, **more)

    def rows(self, path):
        """Name -> bytes; nothing for a folder that is not there."""
        answer = self.ask("GET", path, "LISTSTATUS")
        if answer.status_code == 404:
            return {}
        assert answer.status_code == 200, answer.text
        return {one["pathSuffix"]: one["length"] for one in answer.json()["FileStatuses"]["FileStatus"]}

    def content(self, path):
        answer = self.ask("GET", path, "OPEN")
        assert answer.status_code == 200, answer.text
        return answer.content

    def put(self, path, content, user="alice"):
        answer = self.ask("PUT", path, "CREATE&overwrite=true", user, data=content)
        assert answer.status_code == 201, answer.text

    def remove(self, path):
        assert self.ask("DELETE", path, "DELETE&recursive=true").status_code == 200


class Deployment:
    """One person with a project, who deploys to HDFS."""

    def __init__(self, desk, hdfs, root):
        self.desk, self.there, self.root = desk, Target(hdfs), root
        self.work = desk.folder / "work"
        self.webhdfs = hdfs.url + "/webhdfs/v1"
        self.environment = {"HADOOP_USER_NAME": "alice"}
        self.profile()

    def profile(self, url="http://localhost:1", more=(), **deploy):
        bundles = [{"name": "packages", "folder": str(self.work / "src")}]
        settings = {"by": "webhdfs", "root": self.root, "bundles": bundles, **deploy}
        self.desk.profiles["cluster"] = {"url": url, "webhdfs": self.webhdfs, "deploy": settings, **dict(more)}

    def file(self, name, content):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def large(self, name, size):
        """Of zeros; it takes no room here."""
        with open(self.file(name, b""), "r+b") as file:
            file.truncate(size)

    def livyd(self, *words, code=0):
        done = self.desk.command(*words, "--profile", "cluster", environment=self.environment, deadline=DEADLINE)
        assert done.code == code, done
        return done

    def deploy(self):
        """What `livyd deploy` says it did."""
        return json.loads(self.livyd("deploy", "--json").output.splitlines()[-1])

    def daemon(self, state="window"):
        return self.desk.daemon(self.environment, state)

    def rows(self):
        return self.there.rows(self.root)

    def end_endpoint(self):
        """The embedded one of this desk, should a test have started it; it ends its sessions."""
        started = self.desk.folder / "state" / "livyd" / "local.json"
        if not started.exists():
            return
        os.kill(json.loads(started.read_text())["pid"], signal.SIGTERM)
        await_true(lambda: not started.exists())


@pytest.fixture
def deployment(desk, hdfs, request):
    root = f"/user/alice/{desk.folder.name}/some/folder"
    one = Deployment(desk, hdfs, root)
    one.file("src/etl/__init__.py", "")
    one.file("src/etl/load.py", "def version():\n    return 1\n")
    yield one
    one.there.remove(f"/user/alice/{desk.folder.name}")
    one.end_endpoint()


def told(daemon, method):
    with daemon.said:
        return [one["params"] for one in daemon.notifications if one["method"] == method]


# ------------------------------------------------------------ what is sent, and when


def test_the_folder_is_made_and_what_lies_there_is_what_is_here(deployment):
    planned = json.loads(deployment.livyd("deploy", "--dry-run", "--json").output)
    assert [one["state"] for one in planned["bundles"]] == ["absent"] and deployment.rows() == {}
    done = deployment.deploy()
    [bundle] = done["bundles"]
    assert (done["carrier"], bundle["state"]) == ("webhdfs", "current"), done
    assert bundle["target"] == f"{deployment.root}/packages-{bundle['hash'][:12]}.zip"
    [(name, size)] = deployment.rows().items()
    assert f"{deployment.root}/{name}" == bundle["target"] and size == done["bytes"]
    with zipfile.ZipFile(io.BytesIO(deployment.there.content(bundle["target"]))) as archive:
        assert [name for name in archive.namelist() if name[-1] != "/"] == ["etl/__init__.py", "etl/load.py"]
        assert archive.read("etl/load.py") == b"def version():\n    return 1\n"


def test_without_a_root_it_lies_in_the_home_folder(deployment):
    deployment.profile()
    del deployment.desk.profiles["cluster"]["deploy"]["root"]
    [bundle] = deployment.deploy()["bundles"]
    try:
        assert bundle["target"].startswith("/user/alice/.livyd/packages-")
        assert bundle["target"].rpartition("/")[2] in deployment.there.rows("/user/alice/.livyd")
    finally:
        deployment.livyd("deploy", "rm", bundle["target"])
    assert bundle["target"].rpartition("/")[2] not in deployment.there.rows("/user/alice/.livyd")


def test_nothing_is_sent_again_not_even_by_another_window(deployment):
    first = deployment.deploy()
    before = len(deployment.there.hdfs.requests)
    assert deployment.deploy()["bytes"] == 0
    methods = {one.method for one in list(deployment.there.hdfs.requests)[before:]}
    assert methods == {"GET"}, methods
    other = deployment.daemon("another")
    assert other.ask("deploy/run", {"profile": "cluster"})["bytes"] == 0
    assert other.ask("deploy/list", {"profile": "cluster"})["deployed"][0]["hash"] == first["bundles"][0]["hash"]


def test_what_changed_is_sent_beside_the_old_one_which_is_stale(deployment):
    old = deployment.deploy()["bundles"][0]["target"]
    deployment.file("src/etl/load.py", "def version():\n    return 2\n")
    planned = json.loads(deployment.livyd("deploy", "--dry-run", "--json").output)
    assert [one["state"] for one in planned["bundles"]] == ["changed"]
    new = deployment.deploy()["bundles"][0]["target"]
    listed = [json.loads(line) for line in deployment.livyd("deploy", "list", "--json").output.splitlines()]
    assert [(one["target"], one["stale"]) for one in listed] == [(new, False), (old, True)]
    assert sorted(deployment.rows()) == sorted(path.rpartition("/")[2] for path in (old, new))
    deployment.livyd("deploy", "rm", old)
    assert list(deployment.rows()) == [new.rpartition("/")[2]]
    gone = deployment.livyd("deploy", "rm", old, code=3)
    assert "livyd has not deployed" in gone.said, gone


def test_what_is_gone_already_can_still_be_forgotten(deployment):
    target = deployment.deploy()["bundles"][0]["target"]
    deployment.there.remove(target)
    deployment.livyd("deploy", "rm", target)
    assert deployment.livyd("deploy", "list", "--json").output == ""


@pytest.mark.parametrize("harm", ["removed", "truncated", "emptied", "with its folder"])
def test_what_was_harmed_behind_our_back_is_sent_again(deployment, harm):
    first = deployment.deploy()
    target = first["bundles"][0]["target"]
    whole = deployment.there.content(target)
    if harm == "removed":
        deployment.there.remove(target)
    elif harm == "with its folder":
        deployment.there.remove(deployment.root)
    else:
        deployment.there.put(target, whole[:len(whole) // 2] if harm == "truncated" else b"")
    planned = json.loads(deployment.livyd("deploy", "--dry-run", "--json").output)
    assert planned["bundles"][0]["state"] != "current", planned
    assert deployment.deploy()["bytes"] == first["bytes"] > 0
    assert deployment.there.content(target) == whole


def test_every_kind_is_named_in_the_payload_of_the_session(deployment, desk):
    livy = fake.FakeLivy(fake.Answers(lambda code: fake.ok("")))
    try:
        deployment.file("lib/driver.jar", b"PK jar")
        deployment.file("data/a.csv", b"1;2")
        deployment.file("dist/env.tar.gz", b"packed")
        bundles = [{"name": "packages", "folder": str(deployment.work / "src")},
                   {"name": "driver", "as": "jars", "folder": str(deployment.work / "lib")},
                   {"name": "data", "as": "files", "folder": str(deployment.work / "data")},
                   {"name": "env", "as": "archives", "folder": str(deployment.work / "dist"), "alias": "env"}]
        deployment.profile(livy.url, {"agent": False}, bundles=bundles)
        daemon = deployment.daemon()
        daemon.ask("session/start", {"profile": "cluster"})
        [(_, _, body)] = livy.asked("POST", "/sessions")
        asked = json.loads(body)
        for field, begin, end in (("pyFiles", "packages-", ".zip"), ("jars", "driver-", ".jar"),
                                  ("files", "a-", ".csv"), ("archives", "env", "#env")):
            [path] = asked[field]
            assert path.startswith(f"{deployment.root}/{begin}") and path.endswith(end), asked
            assert path.partition("#")[0].rpartition("/")[2] in deployment.rows()
        info = daemon.ask("session/get", {"profile": "cluster"})
        for row in daemon.ask("deploy/list", {"profile": "cluster"})["deployed"]:
            assert row["sessions"] == [info["name"]], row
    finally:
        livy.close()


# ------------------------------------------------------------ what goes wrong


def test_no_permission_is_said_with_the_folder(deployment):
    deployment.profile(root="/user/bob/not-mine")
    done = deployment.livyd("deploy", code=3)
    assert "ermission denied" in done.said and "/user/bob" in done.said, done
    assert deployment.there.rows("/user/bob/not-mine") == {}


def test_a_full_quota_is_said_and_leaves_nothing(deployment):
    deployment.deploy()
    before = deployment.rows()
    deployment.file("src/etl/table.bin", random.Random(1).randbytes(300_000))
    deployment.there.hdfs.administrate(
        f"{deployment.root}?op=SETQUOTA&namespacequota=9223372036854775807&storagespacequota=20000")
    done = deployment.livyd("deploy", code=3)
    assert "quota" in done.said, done
    assert deployment.rows() == before


@pytest.mark.parametrize("at", sorted(random.Random(7).sample(range(1000, 8_000_000), 3)))
def test_an_upload_that_is_cut_leaves_nothing_and_the_next_one_is_whole(deployment, knox, at):
    """Through Knox, whose data address leads through the proxy as well."""
    deployment.file("src/etl/table.bin", random.Random(at).randbytes(8_100_000))
    whole = urllib.parse.urlsplit(knox.url("basic"))
    proxy = CuttingProxy(whole.port, at)
    direct, environment = deployment.webhdfs, deployment.environment
    deployment.webhdfs = f"https://localhost:{proxy.port}{whole.path}/webhdfs/v1"
    deployment.environment = {"LIVYD_PASSWORD": "alice-pw"}
    deployment.profile(more={"auth": {"type": "basic", "user": "alice"}, "tls": {"caFile": str(knox.ca)}})
    deployment.livyd("deploy", code=3)
    proxy.close()
    assert proxy.cut.is_set(), "nothing was cut"
    deployment.webhdfs, deployment.environment = direct, environment
    assert deployment.rows() == {}
    deployment.profile()
    sent = deployment.deploy()["bytes"]
    assert sent > 8_100_000 and list(deployment.rows().values()) == [sent]


def test_a_deployment_that_is_cancelled_is_cleaned_up(deployment):
    deployment.large("data/large.bin", 500 * MIB)
    deployment.profile(bundles=[{"name": "data", "as": "files", "folder": str(deployment.work / "data")}])
    daemon = deployment.daemon()
    id = daemon.begin("deploy/run", {"profile": "cluster", "transfer": "it"})
    daemon.wait(lambda: any(one["method"] == "transfer/progress" and one["params"]["bytes"] > MIB
                            for one in daemon.notifications), "something to be sent", DEADLINE)
    daemon.send({"method": "$/cancelRequest", "params": {"id": id}})
    with pytest.raises(RpcError) as cancelled:
        daemon.reply(id)
    assert cancelled.value.code == CANCELLED
    assert deployment.rows() == {}
    assert daemon.ask("deploy/list", {"profile": "cluster"})["deployed"] == []
    assert max(one["bytes"] for one in told(daemon, "transfer/progress")) < 500 * MIB
    deployment.large("data/large.bin", 5 * MIB)
    assert daemon.ask("deploy/run", {"profile": "cluster"}, DEADLINE)["bytes"] == 5 * MIB
    assert list(deployment.rows().values()) == [5 * MIB]


def test_two_deployments_at_once_leave_one_whole_file(deployment):
    deployment.file("src/etl/table.bin", random.Random(2).randbytes(8_000_000))
    windows = [deployment.daemon(state) for state in ("one", "two")]
    asked = [(daemon, daemon.begin("deploy/run", {"profile": "cluster"})) for daemon in windows]
    done = [daemon.reply(id, DEADLINE) for daemon, id in asked]
    assert [one["bundles"][0]["state"] for one in done] == ["current"] * 2
    [(name, _)] = deployment.rows().items()
    content = deployment.there.content(f"{deployment.root}/{name}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
    assert {daemon.ask("deploy/run", {"profile": "cluster"})["bytes"] for daemon in windows} == {0}


def test_the_same_deployment_asked_for_twice_in_one_window(deployment):
    deployment.file("src/etl/table.bin", random.Random(3).randbytes(8_000_000))
    daemon = deployment.daemon()
    asked = [daemon.begin("deploy/run", {"profile": "cluster"}) for _ in range(2)]
    assert [daemon.reply(id, DEADLINE)["bundles"][0]["state"] for id in asked] == ["current"] * 2
    assert len(deployment.rows()) == 1
    assert len(daemon.ask("deploy/list", {"profile": "cluster"})["deployed"]) == 1


# ------------------------------------------------------------ a large package, and one edit of it


MODULES = 300


def module_text(number, version):
    lines = "".join(f"# {number} {line} {random.Random(number * 1000 + line).randbytes(25).hex()}\n"
                    for line in range(290))
    return f"VERSION = {version}\n\n\ndef version():\n    return VERSION\n\n\n{lines}"


def large_package(deployment):
    deployment.file("src/large/__init__.py", "")
    for number in range(MODULES):
        deployment.file(f"src/large/part_{number:03}.py", module_text(number, 1))
    assert sum(path.stat().st_size for path in (deployment.work / "src/large").iterdir()) > 5_000_000


ON_BOTH = """import large.part_007
def there(_):
    import large.part_007
    return large.part_007.version()
print(large.part_007.version(), set(sc.parallelize(range(8), 2).map(there).collect()))"""


def ran(daemon, code):
    run = daemon.start("cluster", code)
    result = daemon.finished(run, DEADLINE)["result"]
    assert result["outcome"] == "ok", (result, daemon.text(run))
    return daemon.text(run).strip()


def test_one_changed_module_of_a_large_package_is_all_that_is_sent(deployment):
    """HDFS gets the whole zip for the sessions to come, the running one the module."""
    large_package(deployment)
    deployment.profile("local")
    daemon = deployment.daemon()
    first = daemon.ask("deploy/run", {"profile": "cluster"}, DEADLINE)
    assert first["bytes"] > 1_000_000
    assert daemon.ask("deploy/run", {"profile": "cluster"}, DEADLINE)["bytes"] == 0
    assert ran(daemon, ON_BOTH) == "1 {1}"
    deployment.file("src/large/part_007.py", module_text(7, 2))
    before = len(deployment.there.hdfs.requests)
    done = daemon.ask("module/reload", {"profile": "cluster", "modules": [], "push": False}, DEADLINE)
    assert (done["files"], done["reloaded"], done["executors"]) == (1, ["large.part_007"], "fresh"), done
    assert 0 < done["bytes"] < first["bytes"] * 0.05
    assert len(deployment.there.hdfs.requests) == before
    assert ran(daemon, ON_BOTH) == "2 {2}"
    assert daemon.ask("deploy/run", {"profile": "cluster"}, DEADLINE)["bytes"] > 1_000_000
    assert len(deployment.rows()) == 2


def test_so_it_is_on_the_wire(deployment, tmp_path, binary):
    """Counted at a door before the endpoint, which the first deployment passes, too: by Livy's upload."""
    os.environ.setdefault("LIVYD_BINARY", binary)
    large_package(deployment)
    server, proxy = EmbeddedServer(str(tmp_path), sys.executable), FaultProxy()
    try:
        door = proxy.door(server.url, server.token)
        deployment.profile(door.url, by="livy")
        daemon = deployment.daemon()

        def sent():
            return sum(len(one.body) for one in list(door.journal))

        assert ran(daemon, "print(1)") == "1"
        uploads = door.arrived("POST", ".*/upload-pyfile")
        assert len(uploads) == 1 and len(uploads[0].body) > 1_000_000
        assert ran(daemon, ON_BOTH) == "1 {1}"
        deployment.file("src/large/part_007.py", module_text(7, 2))
        before = sent()
        daemon.ask("module/reload", {"profile": "cluster", "modules": [], "push": False}, DEADLINE)
        assert 0 < sent() - before < len(uploads[0].body) * 0.05
        assert ran(daemon, ON_BOTH) == "2 {2}"
    finally:
        proxy.close()
        server.close()


# ------------------------------------------------------------ hdfs/* as an editor asks for it


class Editor:
    def __init__(self, deployment):
        self.daemon, self.there, self.place = deployment.daemon(), deployment.there, deployment.root
        self.folder = deployment.desk.folder
        self.ask("makeFolder", path=self.place)

    def ask(self, what, seconds=DEADLINE, **params):
        return self.daemon.ask(f"hdfs/{what}", {"profile": "cluster", **params}, seconds)

    def refused(self, what, **params):
        with pytest.raises(RpcError) as refused:
            self.ask(what, **params)
        assert "\n" not in refused.value.message, refused.value.message
        return refused.value.data["kind"], refused.value.message

    def rows(self):
        return self.there.rows(self.place)


@pytest.fixture
def editor(deployment):
    return Editor(deployment)


def test_a_folder_is_made_listed_moved_and_removed(editor):
    made = editor.ask("makeFolder", path=f"{editor.place}/a b/ü")
    assert made["path"] == f"{editor.place}/a b/ü" and made["entry"]["folder"] and made["entry"]["owner"] == "alice"
    editor.there.put(f"{editor.place}/a b/ü/100%.txt", b"12345")
    listed = editor.ask("list", path=f"{editor.place}/a b/ü/")
    [entry] = listed["entries"]
    assert (entry["name"], entry["folder"], entry["bytes"]) == ("100%.txt", False, 5) and "detail" not in listed
    assert entry["modified"] > time.time() * 1000 - 3_600_000 and entry["permission"], entry
    editor.ask("move", **{"from": f"{editor.place}/a b", "to": f"{editor.place}/c", "overwrite": False})
    assert list(editor.rows()) == ["c"]
    assert editor.ask("status", path=f"{editor.place}/c/ü/100%.txt")["entry"]["bytes"] == 5
    editor.ask("remove", path=f"{editor.place}/c", recursive=True)
    assert editor.rows() == {}


def test_a_path_without_a_slash_is_below_the_home_folder(editor):
    assert editor.ask("list", path="")["path"] == "/user/alice"
    relative = editor.place.removeprefix("/user/alice/")
    assert editor.ask("status", path=relative)["path"] == editor.place


def test_a_file_goes_there_and_comes_back_with_progress(editor):
    sent = file_of(editor.folder, 30_000_001)
    path = f"{editor.place}/there"
    there = editor.ask("upload", path=path, file=str(sent), overwrite=False, transfer="up")
    assert there["entry"]["bytes"] == 30_000_001 and editor.rows() == {"there": 30_000_001}
    back = editor.folder / "back"
    editor.ask("download", path=path, file=str(back), overwrite=False, transfer="down")
    assert back.read_bytes() == sent.read_bytes()
    for name in ("up", "down"):
        steps = [one for one in told(editor.daemon, "transfer/progress") if one["transfer"] == name]
        assert steps and {one["total"] for one in steps} == {30_000_001}, steps
        sizes = [one["bytes"] for one in steps]
        assert sizes == sorted(sizes) and sizes[-1] == 30_000_001 and len(sizes) > 2, sizes
        assert path in steps[0]["text"]


def test_without_a_name_no_progress_is_told(editor):
    editor.ask("upload", path=f"{editor.place}/quiet", file=str(file_of(editor.folder, 100_000)), overwrite=False)
    assert told(editor.daemon, "transfer/progress") == []


def test_what_exists_is_replaced_only_when_that_is_asked_for(editor):
    one, two = editor.folder / "one", editor.folder / "two"
    one.write_text("1")
    two.write_text("22")
    for file in (one, two):
        editor.ask("upload", path=f"{editor.place}/{file.name}", file=str(file), overwrite=False)
    kind, words = editor.refused("upload", path=f"{editor.place}/one", file=str(two), overwrite=False)
    assert "exists already" in words, (kind, words)
    both = {"from": f"{editor.place}/two", "to": f"{editor.place}/one"}
    assert "exists" in editor.refused("move", **both, overwrite=False)[1]
    assert "exists" in editor.refused("download", path=f"{editor.place}/one", file=str(two), overwrite=False)[1]
    assert editor.rows() == {"one": 1, "two": 2} and two.read_text() == "22"
    editor.ask("move", **both, overwrite=True)
    assert editor.rows() == {"one": 2}
    editor.ask("upload", path=f"{editor.place}/one", file=str(one), overwrite=True)
    editor.ask("download", path=f"{editor.place}/one", file=str(two), overwrite=True)
    assert editor.rows() == {"one": 1} and two.read_text() == "1"


def test_what_is_not_there_or_not_ours_is_said(editor):
    missing, local = f"{editor.place}/missing", str(editor.folder / "local")
    for what, more in (("status", {}), ("list", {}), ("remove", {"recursive": False}),
                       ("download", {"file": local, "overwrite": False})):
        assert editor.refused(what, path=missing, **more) == ("notFound", f"There is no {missing} in HDFS."), what
    assert not os.path.exists(local)
    kind, words = editor.refused("upload", path=f"{editor.place}/x", file=local, overwrite=False)
    assert local in words, (kind, words)
    for what, more in (("makeFolder", {}), ("upload", {"file": str(file_of(editor.folder, 10)), "overwrite": False})):
        assert "ermission denied" in editor.refused(what, path="/user/bob/mine", **more)[1]
    editor.there.put(f"{editor.place}/folder/file", b"1")
    assert editor.refused("remove", path=f"{editor.place}/folder", recursive=False)[1]
    assert "root of HDFS" in editor.refused("remove", path="/", recursive=True)[1]
    assert editor.rows() == {"folder": 0}


def test_a_profile_without_webhdfs_says_what_to_add(editor):
    with pytest.raises(RpcError) as refused:
        editor.daemon.ask("hdfs/list", {"profile": "local", "path": "/"})
    assert '"webhdfs"' in refused.value.message


@pytest.mark.parametrize("what", ["upload", "download"])
def test_a_transfer_that_is_cancelled_leaves_nothing(editor, what):
    local, path = editor.folder / "large", f"{editor.place}/large"
    with open(local, "wb") as file:
        file.truncate(300 * MIB)
    if what == "download":
        editor.ask("upload", path=path, file=str(local), overwrite=False)
        local = editor.folder / "comes" / "large"
        local.parent.mkdir()
    before = editor.rows()
    id = editor.daemon.begin(f"hdfs/{what}", {"profile": "cluster", "path": path, "file": str(local),
                                              "overwrite": False, "transfer": "it"})
    editor.daemon.wait(lambda: any(one["method"] == "transfer/progress" and one["params"]["bytes"] > MIB
                                   for one in editor.daemon.notifications), "progress", DEADLINE)
    editor.daemon.send({"method": "$/cancelRequest", "params": {"id": id}})
    with pytest.raises(RpcError) as cancelled:
        editor.daemon.reply(id)
    assert cancelled.value.code == CANCELLED
    assert editor.rows() == before
    if what == "download":
        assert list(local.parent.iterdir()) == []
    # The connection to HDFS is as good as before.
    assert editor.ask("status", path=editor.place)["entry"]["folder"]


def test_many_transfers_at_once(editor):
    sources = [file_of(editor.folder, 1_000_000 + number) for number in range(6)]
    asked = [editor.daemon.begin("hdfs/upload", {"profile": "cluster", "path": f"{editor.place}/{one.name}",
                                                 "file": str(one), "overwrite": False}) for one in sources]
    for id in asked:
        editor.daemon.reply(id, DEADLINE)
    assert editor.rows() == {one.name: one.stat().st_size for one in sources}
