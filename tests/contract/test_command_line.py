"""The program `livyd` as a user types it: what it prints where, how it ends, what it says on bad input."""

import contextlib
import json
import os
import signal
import socket
import threading

import pytest
from conversation import fake_livy as fake
from conversation.client import Client, wait_for

OK, RAISED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


def said_well(ended, *words):
    """One or a few sentences for a person, that name what matters, and nothing from inside."""
    for word in words:
        assert word.lower() in ended.err.lower(), f"{word!r} is not said: {ended!r}"
    assert ended.out == "", ended
    for inside in ("terminate called", "what():", "Sanitizer", ".cpp:", "boost", "nlohmann", "[json."):
        assert inside not in ended.err, ended
    assert ended.err.strip() and len(ended.err.strip().splitlines()) <= 6, ended


def against(server):
    """Arguments and environment to run on a server of a test."""
    return ("--url", server.url), {"LIVYD_TOKEN": server.token}


# ---------------------------------------------------------------- what works

def test_code_prints_its_output_and_nothing_else(shared_home):
    ended = shared_home.run("run", "-c", "print(1 + 1)")
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "2"), ended


def test_a_file_runs_as_a_program(shared_home):
    path = shared_home.write("program.py", "import sys\nif __name__ == '__main__':\n"
                                           "    print(__file__)\n    print(sys.argv)\n")
    ended = shared_home.run("run", path, "--", "one", "--two", "-3", "Grüße 'x'")
    assert ended.code == OK, ended
    lines = ended.out.splitlines()
    assert lines[0] == path
    assert lines[1] == repr([path, "one", "--two", "-3", "Grüße 'x'"])


def test_after_a_program_its_names_of_a_program_are_gone(shared_home):
    path = shared_home.write("names.py", "kept = 1\n")
    assert shared_home.run("run", path).code == OK
    ended = shared_home.run("run", "-c", "print(__name__, '__file__' in globals())")
    assert ended.code == OK and ended.out.startswith("__main__ False"), ended


def test_code_comes_from_standard_input(shared_home):
    ended = shared_home.run("run", "-", given=b"print('from stdin')\nprint('and more')\n")
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "from stdin\nand more"), ended


def test_the_session_and_its_variables_live_on_between_commands(shared_home):
    assert shared_home.run("run", "-c", "remembered = 'yes'").code == OK
    ended = shared_home.run("run", "-c", "print(remembered)")
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "yes"), ended


def test_an_exception_is_exit_1_with_its_traceback_on_standard_error(shared_home):
    path = shared_home.write("raises.py", "print('before')\ndef f(x):\n    return 1 / x\n\nf(0)\n")
    ended = shared_home.run("run", path)
    assert ended.code == RAISED, ended
    assert ended.out.rstrip("\n") == "before"
    assert "ZeroDivisionError: division by zero" in ended.err
    assert f'File "{path}", line 3' in ended.err and f'File "{path}", line 5' in ended.err, ended
    assert "livyd" not in ended.err.split("Traceback", 1)[1], "a frame of livyd's own shows"


@pytest.mark.parametrize("status,expected", [("0", OK), ("None", OK), ("3", RAISED), ("'words'", RAISED)])
def test_sys_exit(shared_home, status, expected):
    path = shared_home.write("exits.py", f"import sys\nprint('out')\nsys.exit({status})\n")
    ended = shared_home.run("run", path)
    assert ended.code == expected, ended


def test_a_syntax_error_names_file_and_line(shared_home):
    path = shared_home.write("wrong.py", "x = 1\ndef f(:\n  pass\n")
    ended = shared_home.run("run", path)
    assert ended.code == RAISED and "SyntaxError" in ended.err, ended
    assert f'File "{path}", line 2' in ended.err, ended


def test_unicode_passes_both_ways(shared_home):
    ended = shared_home.run("run", "-c", "print('Grüße, 世界 🚀')")
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "Grüße, 世界 🚀"), ended


def test_ten_megabytes_of_output_arrive_whole(shared_home):
    ended = shared_home.run("run", "-c", "for i in range(10):\n    print('0123456789' * 100000)")
    assert ended.code == OK and len(ended.out.rstrip("\n")) == 10 * 1000000 + 9


def test_a_reader_that_leaves_ends_it_quietly(shared_home):
    process = shared_home.begin("run", "-c", "print('0123456789' * 1000000)")
    process.stdout.close()
    process.wait(60)
    err = process.stderr.read().decode()
    process.stderr.close()
    assert "terminate called" not in err and process.returncode >= 0, (process.returncode, err)


def test_status_goes_to_standard_error_without_a_spinner(home):
    ended = home.run("run", "-c", "print('x')")
    assert ended.code == OK and ended.out.rstrip("\n") == "x"
    assert "\r" not in ended.err and "\x1b" not in ended.err, ended


def test_json_prints_one_event_a_line(shared_home):
    ended = shared_home.run("run", "--json", "-c", "print('in json')")
    assert ended.code == OK, ended
    events = [json.loads(line) for line in ended.out.splitlines()]
    assert events and all(isinstance(event, dict) for event in events)
    assert "in json" in ended.out
    failing = shared_home.run("run", "--json", "-c", "1/0")
    assert failing.code == RAISED
    assert [json.loads(line) for line in failing.out.splitlines()]
    assert "ZeroDivisionError" in failing.out


def test_once_deletes_the_session_afterwards(home, embedded):
    arguments, environment = against(embedded)
    ended = home.run("run", *arguments, "--once", "-c", "print('once')", **environment)
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "once"), ended
    assert embedded.client.get("/sessions").json()["total"] == 0
    kept = home.run("run", *arguments, "-c", "print('kept')", **environment)
    assert kept.code == OK
    assert embedded.client.get("/sessions").json()["total"] == 1


def test_once_deletes_the_session_after_an_exception_too(home, embedded):
    arguments, environment = against(embedded)
    ended = home.run("run", *arguments, "--once", "-c", "1/0", **environment)
    assert ended.code == RAISED
    assert embedded.client.get("/sessions").json()["total"] == 0


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_session_can_be_named(home, embedded, by):
    session = embedded.client.create(name="by-hand").wait_idle()
    session.run("planted = 'found'")
    arguments, environment = against(embedded)
    ended = home.run("run", *arguments, "--session", str(session.id) if by == "id" else "by-hand",
                     "-c", "print(planted)", **environment)
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "found"), ended


def test_sessions_lists_them(home, embedded):
    arguments, environment = against(embedded)
    home.run("run", *arguments, "-c", "1", **environment)
    name = embedded.client.get("/sessions").json()["sessions"][0]["name"]
    ended = home.run("sessions", *arguments, **environment)
    assert ended.code == OK and name in ended.out and "idle" in ended.out, ended


def test_the_url_may_end_in_sessions(home, embedded):
    ended = home.run("run", "--url", embedded.url + "/sessions", "-c", "print('ok')",
                     LIVYD_TOKEN=embedded.token)
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "ok"), ended


def test_a_profile_of_a_file(home, embedded):
    profile = {"url": embedded.url, "auth": {"type": "bearer"}}
    path = home.write("profiles.json", json.dumps({"mine": profile}))
    ended = home.run("run", "--profiles", path, "--profile", "mine", "-c", "print('by profile')",
                     LIVYD_TOKEN=embedded.token)
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "by profile"), ended


def test_version_and_help_are_for_people(home):
    version = home.run("version")
    assert version.code == OK and version.out.strip() and version.err == ""
    for arguments in (("--help",), ("run", "--help")):
        help = home.run(*arguments)
        assert help.code == OK and help.err == ""
        assert "livyd run" in help.out and len(help.out.splitlines()) <= 60, help


# ---------------------------------------------------------------- usage

@pytest.mark.parametrize("arguments", [
    ("run",), ("run", "--nope", "-c", "1"), ("nonsense",), ("run", "-c"),
    ("run", "-c", "1", "--profile", "a", "--url", "http://127.0.0.1:1"),
    ("run", "-c", "1", "--url", "not a url"), ("run", "-c", "1", "--url", "ftp://127.0.0.1/"),
])
def test_wrong_usage_is_exit_2(home, arguments):
    ended = home.run(*arguments)
    assert ended.code == USAGE and ended.err.strip(), ended
    assert ended.out == "", ended


@pytest.mark.parametrize("name", ["no_such_file.py", "."])
def test_a_file_that_cannot_be_read(home, name):
    ended = home.run("run", name)
    assert ended.code == USAGE, ended
    said_well(ended, name)


@pytest.mark.parametrize("profiles,words", [
    ({"cluster": {"url": "http://127.0.0.1:1", "drivrMemory": "1g"}}, ["cluster", "drivrMemory"]),
    ({"cluster": {"url": "http://127.0.0.1:1", "session": {"drivrMemory": "1g"}}},
     ["cluster", "drivrMemory", "Did you mean driverMemory?"]),
    ({"cluster": {"url": 8998}}, ["cluster", "url"]),
    ({"cluster": {}}, ["cluster", "url"]),
    ({"cluster": "http://127.0.0.1:1"}, ["cluster"]),
    ({"clusterr": {"url": "http://127.0.0.1:1"}}, ["cluster", "Did you mean clusterr?"]),
    ({"cluster": {"url": "http://127.0.0.1:1", "kind": "cobol"}}, ["cluster", "kind"]),
])
def test_a_wrong_profile_is_exit_2_and_said(home, profiles, words):
    path = home.write("profiles.json", json.dumps(profiles))
    ended = home.run("run", "--profiles", path, "--profile", "cluster", "-c", "1")
    assert ended.code == USAGE, ended
    said_well(ended, *words)


@pytest.mark.parametrize("content", ["{", "[]", "", "\x00", "{'a': 1}"])
def test_a_broken_file_of_profiles(home, content):
    path = home.write("profiles.json", content)
    ended = home.run("run", "--profiles", path, "--profile", "cluster", "-c", "1")
    assert ended.code == USAGE, ended
    said_well(ended, "profiles.json")


def test_an_untrusted_workspace_redirects_nobody(home, fake_livy):
    trap = fake_livy()
    os.makedirs(os.path.join(home.work, ".vscode"))
    settings = {"livyd.profiles": {"trap": {"url": trap.url}, "local": {"url": trap.url}},
                "livyd.profile": "trap"}
    home.write(".vscode/settings.json", "// a comment\n" + json.dumps(settings))
    refused = home.run("run", "--profile", "trap", "-c", "1", LIVYD_TOKEN="secret")
    assert refused.code == USAGE, refused
    said_well(refused, "trust")
    assert trap.requests == []
    assert home.run("run", "--profile", "local", "-c", "print(1)").out.rstrip("\n") == "1"
    assert trap.requests == []
    assert home.run("trust").code == OK
    assert home.run("run", "--profile", "trap", "-c", "1").code == OK
    assert trap.asked("POST", "/sessions")
    # Trust is for this content: another one is asked about again.
    home.write(".vscode/settings.json", json.dumps({**settings, "livyd.more": 1}))
    assert home.run("run", "--profile", "trap", "-c", "1").code == USAGE


# ---------------------------------------------------------------- servers that are none

def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_nobody_listens(home):
    port = closed_port()
    ended = home.run("run", "--url", f"http://127.0.0.1:{port}", "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, f"127.0.0.1:{port}", "refused")


def test_a_name_that_does_not_resolve(home):
    ended = home.run("run", "--url", "http://no-such-host.invalid:8998", "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, "no-such-host.invalid")


class Talker:
    """Says something to whoever connects, and nothing else."""

    def __init__(self, words):
        self.words = words
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.talk, daemon=True)
        self.thread.start()

    def talk(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.sendall(self.words)
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(10)
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"220 mail ready\r\n", b"\x00" * 64])
def test_a_port_of_something_else(home, words):
    talker = Talker(words)
    try:
        ended = home.run("run", "--url", f"http://127.0.0.1:{talker.port}", "-c", "1")
        assert ended.code == REFUSED, ended
        said_well(ended, f"127.0.0.1:{talker.port}")
    finally:
        talker.close()


def test_https_where_the_server_speaks_http(home, fake_livy):
    livy = fake_livy()
    ended = home.run("run", "--url", livy.url.replace("http:", "https:"), "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, "http://")


def test_http_where_the_server_speaks_https(home, fake_livy, certificate):
    livy = fake_livy(certificate=certificate)
    ended = home.run("run", "--url", livy.url.replace("https:", "http:"), "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, "https://")


def test_a_certificate_that_nobody_trusts(home, fake_livy, certificate):
    livy = fake_livy(certificate=certificate)
    ended = home.run("run", "--url", livy.url, "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, "certificate")
    assert livy.requests == []


def test_a_certificate_that_the_profile_trusts(home, fake_livy, certificate):
    livy = fake_livy(fake.Answers(lambda code: fake.ok("over TLS")), certificate=certificate)
    profile = {"url": livy.url, "tls": {"caFile": certificate[0]}}
    path = home.write("profiles.json", json.dumps({"t": profile}))
    ended = home.run("run", "--profiles", path, "--profile", "t", "-c", "1")
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "over TLS"), ended


def test_a_sign_in_page_with_200(home, fake_livy):
    livy = fake_livy(fake.WebPage())
    ended = home.run("run", "--url", livy.url, "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, "not as a Livy", "Sign in")
    assert not livy.asked("POST", ".*")


def test_another_service(home, fake_livy):
    livy = fake_livy(fake.AnotherService())
    ended = home.run("run", "--url", livy.url, "-c", "1", seconds=20)
    assert ended.code == REFUSED, ended
    said_well(ended, "not as a Livy")
    assert not livy.asked("POST", ".*/statements")


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_server_that_refuses(home, fake_livy, status):
    livy = fake_livy(fake.Refuses(status))
    ended = home.run("run", "--url", livy.url, "-c", "1", seconds=60)
    assert ended.code == REFUSED, ended
    said_well(ended)


def test_the_token_goes_to_the_server_and_nowhere_else(home, embedded):
    wrong = home.run("run", "--url", embedded.url, "-c", "1", LIVYD_TOKEN="not-the-token-4711")
    assert wrong.code == REFUSED, wrong
    assert "not-the-token-4711" not in wrong.err
    arguments, environment = against(embedded)
    assert home.run("run", *arguments, "-c", "1", **environment).code == OK
    for folder, _, names in os.walk(home.folder):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert embedded.token.encode() not in file.read(), os.path.join(folder, name)


# ---------------------------------------------------------------- sessions that go wrong

def test_a_session_that_dies_while_it_starts_says_why(home, fake_livy):
    livy = fake_livy(fake.DiesWhileStarting())
    ended = home.run("run", "--url", livy.url, "-c", "1")
    assert ended.code == REFUSED, ended
    said_well(ended, "Too small maximum heap")
    assert not livy.asked("POST", ".*/statements")


def test_a_session_deleted_behind_our_back_is_replaced_and_said(home, embedded):
    arguments, environment = against(embedded)
    assert home.run("run", *arguments, "-c", "x = 1", **environment).code == OK
    first = embedded.client.get("/sessions").json()["sessions"][0]["id"]
    embedded.client.request("DELETE", f"/sessions/{first}")
    ended = home.run("run", *arguments, "-c", "print('x' in globals())", **environment)
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "False"), ended
    assert "variables" in ended.err, ended
    assert embedded.client.get("/sessions").json()["total"] == 1


def test_a_session_deleted_while_code_runs_is_no_success(home, embedded):
    arguments, environment = against(embedded)
    home.run("run", *arguments, "-c", "1", **environment)
    id = embedded.client.get("/sessions").json()["sessions"][0]["id"]
    process = home.begin("run", *arguments, "-c", "import time; time.sleep(120)", **environment)
    wait_for(lambda: embedded.client.get(f"/sessions/{id}/state").json()["state"] == "busy", "busy")
    embedded.client.request("DELETE", f"/sessions/{id}")
    out, err = process.communicate(timeout=60)
    assert process.returncode == REFUSED and out == b"", (process.returncode, err)
    assert b"session" in err.lower()


# ---------------------------------------------------------------- strange code

def test_code_with_nul_is_refused_or_raises_and_harms_nothing(shared_home):
    path = shared_home.write("nul.py", b"print('a')\x00\nprint('b')\n")
    ended = shared_home.run("run", path)
    assert ended.code in (RAISED, USAGE), ended
    assert "nul" in ended.err.lower(), ended
    assert shared_home.run("run", "-c", "print('after')").out.rstrip("\n") == "after"


def test_code_that_is_no_utf_8_is_refused_with_its_line(shared_home):
    path = shared_home.write("latin.py", b"x = 1\nprint('gr\xfc\xdfe')\n")
    ended = shared_home.run("run", path)
    assert ended.code in (RAISED, USAGE), ended
    assert ended.out == "" and "utf-8" in ended.err.lower(), ended


def test_windows_line_ends_and_a_byte_order_mark(shared_home):
    path = shared_home.write("windows.py", b"\xef\xbb\xbfa = 1\r\nif a:\r\n    print('crlf')\r\n1/0\r\n")
    ended = shared_home.run("run", path)
    assert ended.code == RAISED and ended.out.rstrip("\r\n") == "crlf", ended
    assert f'File "{path}", line 4' in ended.err, ended


def test_ten_megabytes_of_code(shared_home):
    line = "x += 1  # " + "y" * 94 + "\n"
    path = shared_home.write("long.py", "x = 1\n" + line * 100_000 + "print(x)\n")
    assert os.path.getsize(path) > 10_000_000
    ended = shared_home.run("run", path)
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "100001"), ended


@pytest.mark.parametrize("code", ["", "\n\n", "# nothing"])
def test_code_that_does_nothing(shared_home, code):
    ended = shared_home.run("run", shared_home.write("nothing.py", code))
    assert ended.code in (OK, USAGE) and ended.out == "", ended


# ---------------------------------------------------------------- Ctrl-C

def running_on(server, home, code):
    """A `livyd run` whose statement runs: the process and the statement's session."""
    arguments, environment = against(server)
    process = home.begin("run", *arguments, "-c", code, **environment)

    def look():
        sessions = server.client.get("/sessions").json()["sessions"]
        for session in sessions:
            listed = server.client.get(f"/sessions/{session['id']}/statements").json()
            for statement in listed.get("statements", []):
                if statement["state"] == "running" and statement["started"] and code in statement["code"]:
                    return session["id"], statement["id"]
        assert process.poll() is None, process.communicate()
        return None

    return process, *wait_for(look, "the statement to run")


def test_ctrl_c_cancels_the_statement_and_is_130(home, embedded):
    code = "import time\nfor i in range(1200): time.sleep(0.05)"
    process, session, statement = running_on(embedded, home, code)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (INTERRUPTED, b""), (process.returncode, err)
    seen = embedded.client.get(f"/sessions/{session}/statements/{statement}").json()
    interrupted = (seen["output"] or {}).get("ename") == "KeyboardInterrupt"
    assert seen["state"] in ("cancelling", "cancelled") or interrupted, seen
    assert b"stopped" in err.lower(), err
    # The session is kept.
    arguments, environment = against(embedded)
    after = home.run("run", *arguments, "-c", "print('free')", **environment)
    assert (after.code, after.out.rstrip("\n")) == (OK, "free"), after


def test_a_second_ctrl_c_leaves_at_once(home, tmp_path, plain_python):
    from conversation.server import EmbeddedServer
    os.makedirs(tmp_path / "strict")
    strict = EmbeddedServer(str(tmp_path / "strict"), plain_python, "--strict")
    try:
        process, session, statement = running_on(strict, home, "import time; time.sleep(20)")
        process.send_signal(signal.SIGINT)
        wait_for(lambda: strict.client.get(f"/sessions/{session}/statements/{statement}").json()["state"]
                 != "running", "the cancel to arrive")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=5)
        assert process.returncode in (INTERRUPTED, -signal.SIGINT), (process.returncode, err)
    finally:
        strict.close()


def test_ctrl_c_while_the_session_starts_leaves_nothing_behind(home, fake_livy):
    class Slow(fake.Behaviour):
        def session_state(self, session):
            return "starting"

    livy = fake_livy(Slow())
    process = home.begin("run", "--url", livy.url, "-c", "1")
    wait_for(lambda: len(livy.asked("GET", "/sessions/[^/]+(/state)?")) > 1, "the session to be watched")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (INTERRUPTED, b""), (process.returncode, err)
    assert not livy.asked("POST", ".*/statements")


# ---------------------------------------------------------------- the embedded endpoint of a home

def test_the_endpoint_survives_the_command_and_its_state_is_private(home):
    assert home.run("run", "-c", "kept = 41").code == OK
    endpoints = home.processes()
    assert endpoints, "the endpoint ended with the command"
    with open(f"/proc/{endpoints[0]}/stat") as stat:
        assert int(stat.read().rsplit(")", 1)[1].split()[3]) != os.getsid(0), "not in a session of its own"
    secrets = []
    for folder, _, names in os.walk(home.environment["XDG_STATE_HOME"]):
        assert os.stat(folder).st_mode & 0o077 == 0 or folder == home.environment["XDG_STATE_HOME"], folder
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            if b"token" in content:
                secrets.append(path)
            assert os.stat(path).st_mode & 0o077 == 0, path
    assert len(secrets) == 1, secrets
    assert home.run("run", "-c", "print(kept + 1)").out.rstrip("\n") == "42"
    assert sorted(set(endpoints) & set(home.processes())) == sorted(endpoints)


def serving(home):
    """The pids of `livyd local` of this home."""
    found = []
    for pid in home.processes():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                if b"local" in line.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            pass
    return found


def test_two_commands_at_once_start_one_endpoint(home):
    commands = [home.begin("run", "-c", f"print({number})") for number in range(3)]
    ended = [(command.communicate(timeout=90), command.returncode) for command in commands]
    assert [code for _, code in ended] == [OK] * 3, ended
    assert [out.strip() for (out, _), _ in ended] == [b"0", b"1", b"2"]
    assert len(serving(home)) == 1


def test_an_endpoint_that_was_killed_is_started_again(home):
    assert home.run("run", "-c", "gone = 1").code == OK
    for pid in home.processes():
        with contextlib.suppress(ProcessLookupError):  # a worker ends with its endpoint
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not home.processes(), "the endpoint to be gone")
    ended = home.run("run", "-c", "print('gone' in globals())")
    assert (ended.code, ended.out.rstrip("\n")) == (OK, "False"), ended


def test_a_python_that_does_not_exist_is_said(home):
    ended = home.run("run", "-c", "1", LIVYD_PYTHON="/no/such/python")
    assert ended.code == REFUSED, ended
    said_well(ended, "/no/such/python")


def test_a_client_without_the_token_is_refused_by_the_detached_endpoint(home):
    assert home.run("run", "-c", "1").code == OK
    urls = set()
    for folder, _, names in os.walk(home.environment["XDG_STATE_HOME"]):
        for name in names:
            with open(os.path.join(folder, name), errors="replace") as file:
                text = file.read()
            if '"token"' in text:
                urls.add(json.loads(text)["url"])
    assert len(urls) == 1
    assert Client(urls.pop()).get("/sessions").status_code == 401
