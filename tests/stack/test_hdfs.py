"""livyd hdfs on a real HDFS: directly, through Knox and httpd, with Kerberos; nothing half-written, little memory."""
import contextlib
import json
import os
import pty
import random
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

from backends.curl import curl

NAMES = ["a b", "100%", "1+1", "#3", "Müller äöü", "😀", "%41", "a&b;c=d", "'quoted\"", "[x]{y}"]
SIZES = [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 2**20 - 1, 2**20, 2**20 + 1]
BIG = 200_000_000
DEADLINE = 240


class Files:
    """`livyd hdfs` with one profile, as one user."""

    def __init__(self, livyd, folder, profile, environment, hdfs, user="alice"):
        self.livyd = livyd
        self.folder = folder
        self.hdfs = hdfs
        self.home = f"/user/{user}"
        (folder / "profiles.json").write_text(json.dumps({"files": {"url": "http://localhost:1", **profile}}))
        self.environment = {**livyd.environment, **environment}

    def command(self, *words):
        return [self.livyd.binary, "hdfs", *map(str, words), "--profiles", str(self.folder / "profiles.json"),
                "--profile", "files"]

    def start(self, *words, **options):
        return subprocess.Popen(self.command(*words), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run(self, *words, text=None, code=0):
        done = subprocess.run(self.command(*words), cwd=self.folder, env=self.environment, input=text or b"",
                              capture_output=True, timeout=DEADLINE, check=False)
        assert done.returncode == code, (words, done.returncode, done.stdout[-2000:], done.stderr.decode())
        return done

    def rows(self, *words):
        return [json.loads(line) for line in self.run(*words, "--json").stdout.splitlines()]

    def names(self, path):
        return sorted(row["path"].rpartition("/")[2] for row in self.rows("ls", path))


def door(name, request, tmp_path):
    """A profile that leads to an HDFS, and what the process needs besides."""
    livyd = request.getfixturevalue("livyd")

    def part(fixture):
        return request.getfixturevalue(fixture)
    ticket = {}
    if name not in ("direct", "knox-basic"):
        ticket = part("kdc").environment(part("kdc").kinit())
    kerberos = {"auth": {"type": "kerberos"}}
    if name == "direct":
        profile, environment = {"webhdfs": part("hdfs").url + "/webhdfs/v1"}, {"HADOOP_USER_NAME": "alice"}
    elif name == "kerberos":
        profile, environment = {"webhdfs": part("hdfs_kerberos").url + "/webhdfs/v1", **kerberos}, ticket
    elif name == "knox-basic":
        profile = {"webhdfs": part("knox").url("basic") + "/webhdfs/v1", "auth": {"type": "basic", "user": "alice"},
                   "tls": {"caFile": str(part("knox").ca)}}
        environment = {"LIVYD_PASSWORD": "alice-pw"}
    elif name in ("knox-spnego", "knox-spnego-routes"):
        profile = {"webhdfs": part("knox").url(name[5:]) + "/webhdfs/v1", "tls": {"caFile": str(part("knox").ca)},
                   **kerberos}
        environment = ticket
    else:
        profile = {"webhdfs": part("gateway").negotiate_url + "/webhdfs/v1",
                   "tls": {"caFile": str(part("gateway").ca)}, **kerberos}
        environment = ticket
    hdfs = part("hdfs_kerberos" if name == "kerberos" else "hdfs")
    return Files(livyd, tmp_path, profile, environment, hdfs)


DOORS = ["direct", "kerberos", "knox-basic", "knox-spnego", "knox-spnego-routes", "httpd"]


@pytest.fixture(params=DOORS)
def anyway(request, tmp_path):
    files = door(request.param, request, tmp_path)
    files.place = f"{files.home}/{request.param}"
    files.run("mkdir", files.place)
    yield files
    files.run("rm", "-r", "--yes", files.place)


@pytest.fixture
def files(request, tmp_path):
    files = door("direct", request, tmp_path)
    files.place = f"{files.home}/place"
    files.run("mkdir", files.place)
    yield files
    files.run("rm", "-r", "--yes", files.place)


def file_of(folder, size):
    path = folder / f"of-{size}"
    with open(path, "wb") as out:
        left = size
        while left > 0:
            piece = os.urandom(min(left, 1 << 20))
            out.write(piece)
            left -= len(piece)
    return path


def zeros_of(folder, size):
    """It takes no room here, and long enough to be sent."""
    path = folder / f"zeros-{size}"
    with open(path, "wb") as out:
        out.truncate(size)
    return path


class TestEveryWay:
    def test_files_of_every_size_come_back_as_they_went(self, anyway):
        for size in SIZES:
            sent = file_of(anyway.folder, size)
            anyway.run("put", sent, anyway.place)
            anyway.run("get", f"{anyway.place}/of-{size}", "back")
            assert (anyway.folder / "back").read_bytes() == sent.read_bytes()
            assert anyway.run("cat", f"{anyway.place}/of-{size}").stdout == sent.read_bytes()
            (anyway.folder / "back").unlink()
        assert anyway.names(anyway.place) == sorted(f"of-{size}" for size in SIZES)

    def test_names_are_kept_byte_for_byte(self, anyway):
        for name in NAMES:
            anyway.run("put", "-", f"{anyway.place}/{name}", text=name.encode())
            assert anyway.run("cat", f"{anyway.place}/{name}").stdout.decode() == name
        assert anyway.names(anyway.place) == sorted(NAMES)

    def test_folders_are_made_moved_measured_and_removed(self, anyway):
        anyway.run("mkdir", f"{anyway.place}/x/y z")
        anyway.run("put", "-", f"{anyway.place}/x/y z/file", text=b"12345")
        anyway.run("mv", f"{anyway.place}/x", f"{anyway.place}/new")
        [row] = anyway.rows("du", f"{anyway.place}/new")
        assert (row["bytes"], row["files"], row["folders"]) == (5, 1, 2)
        refused = anyway.run("rm", "--yes", f"{anyway.place}/new", code=2)
        assert b"Add -r" in refused.stderr
        anyway.run("rm", "-r", "--yes", f"{anyway.place}/new")
        assert anyway.names(anyway.place) == []

    def test_what_is_not_there_is_said(self, anyway):
        for words in (["cat"], ["get"], ["ls"], ["du"], ["rm", "--yes"]):
            said = anyway.run(*words, f"{anyway.place}/missing", code=3).stderr.decode()
            assert said == f"There is no {anyway.place}/missing in HDFS.\n", words


class TestPaths:
    def test_a_relative_path_is_below_the_home(self, files):
        files.run("put", "-", "place/relative", text=b"here")
        assert files.run("cat", f"{files.place}/relative").stdout == b"here"
        assert "place" in [row["path"].rpartition("/")[2] for row in files.rows("ls")]

    def test_ten_thousand_entries_are_all_listed(self, files):
        gate = threading.Semaphore(1)
        names = [f"{number:05d}" for number in range(10_000)]
        host = urllib.parse.urlsplit(files.hdfs.direct_url)

        def make(some):
            import http.client
            way = http.client.HTTPConnection("localhost", host.port)
            for name in some:
                way.request("PUT", f"/webhdfs/v1{files.place}/{name}?op=MKDIRS&user.name=alice")
                answer = way.getresponse()
                with gate:
                    assert answer.status == 200
                answer.read()
        threads = [threading.Thread(target=make, args=(names[at::4],)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert files.names(files.place) == names
        listed = files.run("ls", files.place).stdout.decode().splitlines()
        assert len(listed) == 10_000 and listed[0].endswith("00000/")

    def test_a_reader_that_has_seen_enough_ends_it_quietly(self, files):
        files.run("put", file_of(files.folder, 5_000_000), f"{files.place}/long")
        command = files.start("cat", f"{files.place}/long")
        assert len(command.stdout.read(1000)) == 1000
        command.stdout.close()
        assert (command.wait(DEADLINE), command.stderr.read()) == (0, b"")


class TestRefusals:
    def test_an_existing_file_is_replaced_only_by_force(self, files):
        files.run("put", "-", f"{files.place}/one", text=b"1")
        files.run("put", "-", f"{files.place}/two", text=b"2")
        assert b"exists already" in files.run("put", "-", f"{files.place}/one", text=b"3", code=3).stderr
        assert b"exists" in files.run("mv", f"{files.place}/one", f"{files.place}/two", code=3).stderr
        assert files.run("cat", f"{files.place}/one", f"{files.place}/two").stdout == b"12"
        files.run("mv", "--force", f"{files.place}/one", f"{files.place}/two")
        files.run("put", "--force", "-", f"{files.place}/two", text=b"4")
        assert files.run("cat", f"{files.place}/two").stdout == b"4"
        assert files.names(files.place) == ["two"]

    def test_a_local_file_is_replaced_only_by_force(self, files):
        files.run("put", "-", f"{files.place}/one", text=b"1")
        (files.folder / "one").write_text("mine")
        assert b"exists already" in files.run("get", f"{files.place}/one", code=3).stderr
        assert (files.folder / "one").read_text() == "mine"
        files.run("get", "--force", f"{files.place}/one")
        assert (files.folder / "one").read_text() == "1"

    def test_no_permission_is_said(self, files):
        said = files.run("put", "-", "/user/bob/not-mine", text=b"1", code=3).stderr.decode()
        assert "Permission denied" in said and "Choose a folder" in said
        assert said.count("\n") == 1

    def test_a_full_quota_is_said_and_leaves_nothing(self, files):
        quota = f"{files.place}/small"
        files.run("mkdir", quota)
        files.hdfs.administrate(f"{quota}?op=SETQUOTA&namespacequota=9223372036854775807&storagespacequota=1000")
        said = files.run("put", file_of(files.folder, 100_000), quota, code=3).stderr.decode()
        assert "quota" in said, said
        assert files.names(quota) == []

    def test_removing_asks_first(self, files):
        files.run("put", "-", f"{files.place}/one", text=b"1")
        assert b"Add --yes" in files.run("rm", f"{files.place}/one", code=2).stderr
        assert files.names(files.place) == ["one"]

    def test_a_profile_without_webhdfs_says_what_to_add(self, livyd):
        done = livyd.run("hdfs", "ls", "/", "--profile", "local")
        assert done.returncode == 3 and '"webhdfs"' in done.stderr


class TestOnATerminal:
    def talk(self, files, *words, answer=b""):
        """Runs it on a terminal of its own; all that was shown, and the exit code."""
        ours, theirs = pty.openpty()
        environment = {**files.environment, "TERM": "xterm"}
        process = subprocess.Popen(files.command(*words), cwd=files.folder, env=environment, stdin=theirs,
                                   stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is gone with its last user
            while piece := os.read(ours, 65536):
                shown += piece
                if answer and b"[y/N]" in shown:
                    os.write(ours, answer)
                    answer = b""
        os.close(ours)
        return shown.decode(), process.wait(DEADLINE)

    def test_the_progress_of_a_transfer_is_shown(self, files):
        sent = file_of(files.folder, 50_000_000)
        shown, code = self.talk(files, "put", sent, files.place)
        assert code == 0 and " of 50.0 MB, " in shown, shown
        shown, code = self.talk(files, "get", f"{files.place}/{sent.name}", "back")
        assert code == 0 and " of 50.0 MB, " in shown, shown

    def test_nothing_is_removed_without_a_yes(self, files):
        files.run("put", "-", f"{files.place}/one", text=b"1")
        shown, code = self.talk(files, "rm", f"{files.place}/one", answer=b"n\n")
        assert code == 2 and "Nothing was done." in shown
        assert files.names(files.place) == ["one"]
        assert self.talk(files, "rm", f"{files.place}/one", answer=b"y\n")[1] == 0
        assert files.names(files.place) == []


def memory_of(process):
    """The most that the process has held so far, in bytes; 0 when it has ended."""
    try:
        with open(f"/proc/{process.pid}/status") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
    except OSError:
        return 0
    return int(found.group(1)) * 1024 if found else 0


def most_memory(process):
    most = 0
    deadline = time.monotonic() + DEADLINE
    while process.poll() is None:
        assert time.monotonic() < deadline
        most = max(most, memory_of(process))
        time.sleep(0.02)
    return most


class TestLargeFiles:
    def test_are_streamed_in_little_memory(self, files):
        sent = file_of(files.folder, BIG)
        limit = 64_000_000
        putting = files.start("put", sent, f"{files.place}/big")
        assert most_memory(putting) < limit
        assert putting.returncode == 0, putting.stderr.read()
        getting = files.start("get", f"{files.place}/big", "back")
        assert most_memory(getting) < limit
        assert getting.returncode == 0, getting.stderr.read()
        assert subprocess.run(["cmp", sent, files.folder / "back"], check=False).returncode == 0


class CuttingProxy:
    """Passes connections on to `port` until so many bytes went there; then it breaks all of them off."""

    def __init__(self, port, bytes_until_cut):
        self._port = port
        self._left = bytes_until_cut
        self._lock = threading.Lock()
        self._pairs = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        self._break_off()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._pairs.append((client, server))
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, target, counts):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                with self._lock:
                    if counts and self._left is not None:
                        piece = piece[:self._left]
                        self._left -= len(piece)
                target.sendall(piece)
                if counts and self._left == 0:
                    self._left = None
                    self._break_off()
                    self.cut.set()
                    return
            target.shutdown(socket.SHUT_WR)

    def _break_off(self):
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


def await_true(what, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def size_of_part(files):
    """How much of an upload has arrived; -1 before it began."""
    rows = [row for row in files.rows("ls", files.place) if ".part-" in row["path"]]
    return rows[0]["bytes"] if rows else -1


class TestCuts:
    @pytest.mark.parametrize("at", sorted(random.Random(6).sample(range(1000, 20_000_000), 5)))
    def test_a_broken_connection_leaves_the_old_file_and_nothing_else(self, knox, files, at):
        """Through Knox, whose data address leads through the proxy as well."""
        files.run("put", "-", f"{files.place}/file", text=b"old")
        whole = urllib.parse.urlsplit(knox.url("basic"))
        proxy = CuttingProxy(whole.port, at)
        cut = Files(files.livyd, files.folder,
                    {"webhdfs": f"https://localhost:{proxy.port}{whole.path}/webhdfs/v1",
                     "auth": {"type": "basic", "user": "alice"}, "tls": {"caFile": str(knox.ca)}},
                    {"LIVYD_PASSWORD": "alice-pw"}, files.hdfs)
        done = cut.start("put", "--force", file_of(files.folder, 20_100_000), f"{files.place}/file")
        said = done.communicate(timeout=DEADLINE)[1].decode()
        proxy.close()
        if not proxy.cut.is_set():
            pytest.fail(f"nothing was cut: {said}")
        assert done.returncode == 3, said
        again = door_direct(files)
        assert again.names(files.place) == ["file"]
        assert again.run("cat", f"{files.place}/file").stdout == b"old"

    @pytest.mark.parametrize("after", [0, 0.05, 0.1, 0.2, 0.4])
    def test_a_killed_process_leaves_nothing_under_the_final_name(self, files, after):
        sent = file_of(files.folder, BIG)
        putting = files.start("put", sent, f"{files.place}/file")
        await_true(lambda: size_of_part(files) >= 0 or putting.poll() is not None)
        time.sleep(after)  # a random place, nothing that is waited for
        putting.kill()
        putting.wait()
        found = {row["path"].rpartition("/")[2]: row["bytes"] for row in files.rows("ls", files.place)}
        assert found.get("file", BIG) == BIG

    def test_ctrl_c_leaves_nothing(self, files):
        putting = files.start("put", zeros_of(files.folder, 2_000_000_000), f"{files.place}/file")
        await_true(lambda: size_of_part(files) >= 0 or putting.poll() is not None)
        putting.send_signal(signal.SIGINT)
        said = putting.communicate(timeout=DEADLINE)[1].decode()
        assert (putting.returncode, said) == (130, "Stopped; what was begun was cleaned up.\n")
        assert files.names(files.place) == []

    def test_ctrl_c_on_a_download_leaves_no_file(self, files):
        files.run("put", file_of(files.folder, BIG), f"{files.place}/file")
        getting = files.start("get", f"{files.place}/file", "back")
        await_true(lambda: any(".part-" in one.name for one in files.folder.iterdir()) or getting.poll() is not None)
        getting.send_signal(signal.SIGINT)
        getting.communicate(timeout=DEADLINE)
        assert getting.returncode == 130
        assert not [one.name for one in files.folder.iterdir() if "back" in one.name]


def door_direct(files):
    return Files(files.livyd, files.folder, {"webhdfs": files.hdfs.url + "/webhdfs/v1"}, {"HADOOP_USER_NAME": "alice"},
                 files.hdfs)


class TestNameNodes:
    def test_the_next_one_is_asked_when_the_first_is_gone(self, files):
        several = Files(files.livyd, files.folder,
                        {"webhdfs": ["http://localhost:1/webhdfs/v1", files.hdfs.url + "/webhdfs/v1"]},
                        {"HADOOP_USER_NAME": "alice"}, files.hdfs)
        several.run("put", "-", f"{files.place}/file", text=b"1")
        assert several.names(files.place) == ["file"]


class TestDataNodeGone:
    def test_is_said_and_leaves_nothing_under_the_name(self, request, tmp_path, tmp_path_factory):
        from backends.hdfs import Hdfs
        livyd = request.getfixturevalue("livyd")
        own = Hdfs(tmp_path_factory.mktemp("hdfs-gone"))
        try:
            files = Files(livyd, tmp_path, {"webhdfs": own.url + "/webhdfs/v1"}, {"HADOOP_USER_NAME": "alice"}, own)
            files.run("put", "-", "before", text=b"1")
            own.data_node.stop()
            said = files.run("put", "-", "after", text=b"2", code=3).stderr.decode()
            assert f"localhost:{own.data_port}" in said, said
            assert files.run("cat", "before", code=3).stderr
            assert files.names("/user/alice") == ["before"]
        finally:
            own.close()


def test_redirect_addresses_are_in_no_log(request, tmp_path):
    """They carry a token that lets anybody act as the user."""
    files = door("kerberos", request, tmp_path)
    files.environment["LIVYD_LOG"] = "debug"
    done = files.run("put", "-", "/user/alice/quiet", text=b"1")
    files.run("rm", "--yes", "/user/alice/quiet")
    assert b"PUT" in done.stderr and b"delegation" not in done.stderr
    status = curl(files.hdfs.direct_url + "/webhdfs/v1/?op=LISTSTATUS")
    assert status.status == 401
