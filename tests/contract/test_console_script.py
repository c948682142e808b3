"""docs/from-a-console-script.md: each row's command line does what the shortcut did, and its command and key exist."""

import json
import os
import pty
import re
import shlex
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conversation.client import wait_for
from conversation.server import PROJECT

OK = 0
SHORTCUTS = {"p", "s", "k", "ka", "sessions", "cur_session", "logs", "n", "tail", "statements", "c", "params", "state",
             "debug", "deploy_module", "hdfs_list", "hdfs_delete", "reload_module", "reload_modules", "push_module",
             "build_standalone", "run_script"}
PLACEHOLDER = re.compile(r"[A-Z]+")
PERFORMED = set()


# ---------------------------------------------------------------- the table

class Row:
    """A line of the table: a shortcut and what replaces it."""

    def __init__(self, line):
        shortcut, editor, key, command_line = (cell.strip() for cell in line.strip().strip("|").split("|"))
        self.shortcut = re.match(r"`(\w+)`", shortcut)[1]
        self.titles, self.views = re.findall(r"\*Livy: ([^*]+)\*", editor), re.findall(r"view \*([^*]+)\*", editor)
        self.settings = re.findall(r"setting `([^`]+)`", editor)
        self.keys = re.findall(r"`([^`]+)`", key)
        [self.command_line] = re.findall(r"`([^`]+)`", command_line)

    def words(self, **meant):
        """The command line as a shell splits it; words in capitals become what they stand for."""
        words = [str(meant.pop(word)) if PLACEHOLDER.fullmatch(word) else word
                 for word in shlex.split(self.command_line)]
        assert not meant, f"{meant} is not in {self.command_line}"
        return words


def table():
    with open(os.path.join(PROJECT, "docs", "from-a-console-script.md"), encoding="utf-8") as page:
        lines = [line for line in page if line.startswith("|")]
    return [Row(line) for line in lines[2:]]


ROWS = {row.shortcut: row for row in table()}


def manifest():
    with open(os.path.join(PROJECT, "extension", "package.json"), encoding="utf-8") as file:
        return json.load(file)["contributes"]


def of_row(shortcut):
    """Marks the test that performs a row."""
    PERFORMED.add(shortcut)
    return pytest.mark.parametrize("row", [shortcut], indirect=True)


# ---------------------------------------------------------------- a project and who types

class Console:
    """A project's folder on the embedded endpoint, and a person who types the row's command line there."""

    def __init__(self, home, row):
        self.home, self.row, self.typed = home, row, False
        os.makedirs(os.path.join(home.folder, "config", "livyd"))
        for folder in ("modules/etl", "scripts"):
            os.makedirs(os.path.join(home.work, folder))
        home.write("modules/etl/__init__.py", "")
        self.change_package("one")
        home.write("helpers.py", "def greet():\n    return 'hello'\n")
        home.write("job.py", "import sys\nprint('job', sys.argv[1:])\n")
        home.write("scripts/report.py", "import sys\nprint('report', sys.argv[1:])\n")

    def change_package(self, version):
        """Another length each time: a file's time alone may be too coarse."""
        self.home.write("modules/etl/load.py", f"def version():\n    return '{version}'\n")

    def profiles(self, profiles):
        with open(os.path.join(self.home.folder, "config", "livyd", "profiles.json"), "w", encoding="utf-8") as file:
            json.dump(profiles, file)

    def parts(self, meant):
        """The row's words after the program's name, and the variables before it."""
        self.typed = True
        words = self.row.words(**meant)
        at = words.index("livyd")
        return words[at + 1:], dict(word.split("=", 1) for word in words[:at])

    def type(self, **meant):
        """The row's command line, as it stands in the docs."""
        words, variables = self.parts(meant)
        return self.well(self.home.run(*words, **variables))

    def type_and_answer(self, question, answer):
        """The same by a person at a terminal, who is asked something."""
        words, variables = self.parts({})
        ours, theirs = pty.openpty()
        process = self.home.begin(*words, stdin=theirs, **variables)
        os.close(theirs)
        os.write(ours, answer)
        said = process.communicate(timeout=60)[1].decode()
        os.close(ours)
        assert process.returncode == OK and question in said, said

    def does(self, *words):
        return self.well(self.home.run(*words))

    def well(self, ended):
        assert ended.code == OK, ended
        return ended

    def prints(self, code):
        return self.does("run", "-c", code).out.rstrip("\n")

    def sessions(self):
        return [json.loads(line) for line in self.does("sessions", "--json").out.splitlines()]

    def statements(self):
        return [json.loads(line) for line in self.does("statements", "--json").out.splitlines()]


@pytest.fixture
def row(request):
    return ROWS[request.param]


@pytest.fixture
def console(home, row):
    """Fails a test that did not type its row."""
    console = Console(home, row)
    yield console
    assert console.typed, f"the test of {row.shortcut} did not type: {row.command_line}"


# ---------------------------------------------------------------- the table as a whole

def test_every_shortcut_has_a_row_and_every_row_a_test():
    assert [row.shortcut for row in table()] == list(ROWS), "a shortcut has two rows"
    assert set(ROWS) == SHORTCUTS
    assert set(ROWS) == PERFORMED


@pytest.mark.parametrize("shortcut", ROWS)
def test_what_the_editor_is_said_to_have_is_there(shortcut):
    row, contributes = ROWS[shortcut], manifest()
    commands = {one["title"]: one["command"] for one in contributes["commands"] if one["category"] == "Livy"}
    assert row.titles and set(row.titles) <= set(commands)
    named = [commands[title] for title in row.titles]
    bound = {one["key"] for one in contributes["keybindings"] if one["command"] in named}
    assert set(row.keys) <= bound, f"bound are {bound}"
    assert row.keys or not bound, f"the row does not name {bound}"
    views = {one["name"]: one["id"] for some in contributes["views"].values() for one in some}
    assert set(row.views) <= set(views)
    assert set(row.settings) <= set(contributes["configuration"]["properties"])
    for command in named:
        assert reachable(command, contributes["menus"], [views[name] for name in row.views]), f"{command} is hidden"


def reachable(command, menus, views):
    """By F1, or in the title of a view that the row names."""
    hidden = any(one["command"] == command and one.get("when") == "false" for one in menus["commandPalette"])
    return not hidden or any(one["command"] == command and f"view == {view}" in one["when"]
                             for one in menus["view/title"] for view in views)


# ---------------------------------------------------------------- sessions

@of_row("p")
def test_create(console):
    assert "is idle" in console.type().err
    [session] = console.sessions()
    assert session["mine"] and session["state"] == "idle"


@of_row("s")
def test_execute(console):
    assert console.type().out == "job []\n"


@of_row("k")
def test_kill(console):
    console.does("session", "start")
    [session] = console.sessions()
    assert "was deleted" in console.type(SESSION=session["id"]).err
    assert console.sessions() == []


@of_row("ka")
def test_kill_all(console):
    console.does("session", "start")
    assert "was deleted" in console.type().err
    assert console.sessions() == []


@of_row("sessions")
def test_sessions(console):
    console.does("session", "start")
    [session] = console.sessions()
    listed = console.type().out
    assert session["name"] in listed and "idle" in listed, listed


@of_row("cur_session")
def test_current_session(console):
    console.does("session", "start")
    [session] = console.sessions()
    shown = console.type().out
    assert re.search(rf"Name +{session['name']}\nId +{session['id']}\n", shown), shown


# ---------------------------------------------------------------- log

@pytest.fixture
def logged(console, plain_python):
    """A session whose driver wrote 30 lines when it started."""
    driver = console.home.write("driver.sh", "#!/bin/sh\nfor n in $(seq 0 29); do echo line $n >&2; done\n"
                                             f'exec {shlex.quote(plain_python)} "$@"\n')
    os.chmod(driver, 0o755)
    console.profiles({"local": {"python": driver}})
    console.does("session", "start")
    lines = console.does("logs").out.splitlines()
    assert [line for line in lines if line.startswith("line ")] == [f"line {n}" for n in range(30)]
    return console, lines


@of_row("logs")
def test_logs(logged):
    console, lines = logged
    assert console.type().out.splitlines() == lines


@of_row("n")
def test_next_lines_of_the_log(logged):
    console, lines = logged
    assert console.type(LINE=10).out.splitlines() == lines[10:]


@of_row("tail")
def test_tail(logged):
    console, lines = logged
    assert len(lines) > 20 and console.type().out.splitlines() == lines[-20:]


# ---------------------------------------------------------------- statements

@of_row("statements")
def test_statements(console):
    console.prints("answer = 6 * 7")
    assert "answer = 6 * 7" in console.type().out


@of_row("c")
def test_cancel(console):
    """A run of another livyd: Livy's cancel would leave its Python running, the agent ends it."""
    console.prints("ready = True")
    running = console.home.begin("run", "-c", "import time; time.sleep(600)")
    busy = wait_for(lambda: [one["statement"] for one in console.statements() if one["state"] == "running"],
                    "the statement to run")
    assert f"statement {busy[0]}" in console.type(STATEMENT=busy[0]).err
    running.communicate(timeout=60)
    assert running.returncode != OK
    assert console.prints("print(ready)") == "True", "the session did not live on"


@of_row("params")
def test_parameters(console):
    assert console.type().out == "job ['--date', '2026-11-21']\n"


# ---------------------------------------------------------------- looking at livyd itself

@of_row("state")
def test_state(console):
    console.prints("print(1)")
    [session] = console.sessions()
    state = console.type().out
    assert session["name"] in state and "profile local" in state, state


@of_row("debug")
def test_debug(console):
    quiet = console.does("run", "job.py")
    shown = console.type()
    assert shown.out == quiet.out == "job []\n"
    assert re.search(r" POST \S*/statements\b", shown.err), shown
    assert "POST" not in quiet.err, quiet


# ---------------------------------------------------------------- modules

@of_row("deploy_module")
def test_deploy(console):
    console.does("session", "start")
    assert "modules" in console.type().out
    assert console.prints("import etl.load; print(etl.load.version())") == "one"


@of_row("reload_module")
def test_reload_one_module(console):
    console.does("session", "start")
    console.does("deploy")
    assert console.prints("import etl.load; print(etl.load.version())") == "one"
    console.change_package("newer")
    assert "etl.load" in console.type().err
    assert console.prints("print(etl.load.version())") == "newer"


@of_row("reload_modules")
def test_reload_what_has_changed(console):
    console.does("session", "start")
    console.does("deploy")
    assert console.prints("import etl.load; print(etl.load.version())") == "one"
    assert "Nothing has changed" in console.does("reload").err
    console.change_package("newer")
    assert "etl.load" in console.type().err
    assert console.prints("print(etl.load.version())") == "newer"


@of_row("push_module")
def test_push_a_module(console):
    console.does("session", "start")
    assert "ModuleNotFoundError" in console.home.run("run", "-c", "import helpers").err
    console.type()
    assert console.prints("import helpers; print(helpers.greet())") == "hello"


@of_row("build_standalone")
def test_standalone(console, plain_python):
    console.home.write("job.py", "import etl.load\nprint('alone', etl.load.version())\n")
    assert "job-standalone.py" in console.type().err
    path = os.path.join(console.home.work, "job-standalone.py")
    with open(path, encoding="utf-8") as built:
        assert console.prints(built.read()) == "alone one"


@of_row("run_script")
def test_run_a_script(console):
    assert console.type().out == "report ['--date', '2026-11-21']\n"


# ---------------------------------------------------------------- HDFS

class FakeHdfs:
    """A WebHDFS of a few files: lists, looks and deletes."""

    def __init__(self, files):
        self.files = files  # by path: their bytes; a folder is what files are below
        hdfs = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hdfs.answer(self)

            do_DELETE = do_GET

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhdfs/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def answer(self, request):
        asked = urllib.parse.urlsplit(request.path)
        path = urllib.parse.unquote(asked.path).removeprefix("/webhdfs/v1").rstrip("/")
        operation = urllib.parse.parse_qs(asked.query)["op"][0]
        known = {"GETHOMEDIRECTORY": self.home, "GETFILESTATUS": self.status, "LISTSTATUS_BATCH": self.listing,
                 "DELETE": self.delete}
        answer = known[operation](path)
        body = json.dumps(answer).encode()
        request.send_response(404 if "RemoteException" in answer else 200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def home(self, path):
        return {"Path": "/user/alice"}

    def entry(self, path, name=""):
        folder = path not in self.files
        return {"pathSuffix": name, "type": "DIRECTORY" if folder else "FILE", "modificationTime": 1, "owner": "alice",
                "length": 0 if folder else len(self.files[path]), "group": "alice", "permission": "644",
                "replication": 0 if folder else 3}

    def status(self, path):
        if path in self.files or any(one.startswith(path + "/") for one in self.files):
            return {"FileStatus": self.entry(path)}
        return {"RemoteException": {"exception": "FileNotFoundException", "message": f"File does not exist: {path}"}}

    def listing(self, path):
        names = sorted({one[len(path) + 1:].split("/")[0] for one in self.files if one.startswith(path + "/")})
        entries = [self.entry(f"{path}/{name}", name) for name in names]
        return {"DirectoryListing": {"partialListing": {"FileStatuses": {"FileStatus": entries}},
                                     "remainingEntries": 0}}

    def delete(self, path):
        return {"boolean": self.files.pop(path, None) is not None}

    def close(self):
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()


@pytest.fixture
def hdfs(console):
    hdfs = FakeHdfs({"/user/alice/jobs/old.csv": b"a,b\n", "/user/alice/jobs/kept.csv": b"c"})
    console.profiles({"cluster": {"url": "http://127.0.0.1:1", "webhdfs": hdfs.url}})
    yield hdfs
    hdfs.close()


@of_row("hdfs_list")
def test_list_hdfs(console, hdfs):
    listed = [line.split() for line in console.type().out.splitlines()]
    assert [(words[3], words[-1]) for words in listed] == [("1", "kept.csv"), ("4", "old.csv")], listed


@of_row("hdfs_delete")
def test_delete_in_hdfs(console, hdfs):
    console.type_and_answer("Remove /user/alice/jobs/old.csv?", b"y\n")
    assert list(hdfs.files) == ["/user/alice/jobs/kept.csv"]
