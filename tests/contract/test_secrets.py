"""Passwords and tokens: asked for when they are needed, sent to their server, and left nowhere else."""

import base64
import fcntl
import json
import os
import pty
import re
import select
import subprocess
import termios
import time
import uuid

import pytest
from conversation import fake_livy as fake
from conversation.client import wait_for
from conversation.json_rpc import RpcError

OK, REFUSED, INTERRUPTED = 0, 3, 130
PASSWORD = "sesame-" + uuid.uuid4().hex
WRONG = "wrong-" + uuid.uuid4().hex
COOKIE = "cookie-" + uuid.uuid4().hex
PATIENCE_SECONDS = 90


class BasicGateway(fake.Answers):
    """In front of a Livy: wants alice's password, and gives a cookie for it."""

    def __init__(self, output=lambda code: fake.ok("answer")):
        super().__init__(output)
        self.seen = []  # (authorization, cookie, X-Requested-By, X-XSRF-HEADER)

    def intercept(self, request):
        headers = request.headers
        self.seen.append(tuple(headers.get(name) for name in (
            "Authorization", "Cookie", "X-Requested-By", "X-XSRF-HEADER")))
        finish = request.end_headers
        if headers.get("Authorization") == basic(PASSWORD):
            request.end_headers = lambda: (request.send_header("Set-Cookie", f"KNOX={COOKIE}; Path=/x"), finish())
            return False
        request.end_headers = lambda: (request.send_header("WWW-Authenticate", 'Basic realm="Knox"'), finish())
        request.answer(401, "<html><title>Sign in</title></html>", "text/html")
        return True

    def sent(self, password):
        return [one for one in self.seen if one[0] == basic(password)]


def basic(password):
    return "Basic " + base64.b64encode(f"alice:{password}".encode()).decode()


def scan(folder, *words):
    """The files below `folder` that hold one of the words, plain or as Basic writes it."""
    needles = [word.encode() for word in words] + [basic(word)[6:].encode() for word in words]
    found = []
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                content = file.read()
            if any(needle in content for needle in needles):
                found.append(os.path.join(path, name))
    return found


def shown_by_the_kernel(pid):
    """What every process of this user may read of another one."""
    out = b""
    for name in ("cmdline", "environ"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                out += file.read()
        except OSError:
            pass
    return out


@pytest.fixture
def gateway(fake_livy):
    behaviour = BasicGateway()
    livy = fake_livy(behaviour)
    behaviour.url, behaviour.livy = livy.url, livy
    return behaviour


def profile(gateway, **more):
    # The fake Livy has no Python for the agent.
    return {"url": gateway.url, "auth": {"type": "basic", "user": "alice"}, "agent": False, **more}


@pytest.fixture
def by_file(home, gateway):
    """The arguments for a profile in a file."""
    return "--profiles", home.write("profiles.json", json.dumps({"gw": profile(gateway)})), "--profile", "gw"


# ---------------------------------------------------------------- the command line

def test_a_password_from_the_environment_reaches_its_server_and_is_left_nowhere(home, gateway, by_file):
    ended = home.run("run", *by_file, "-c", "1", LIVYD_PASSWORD=PASSWORD, LIVYD_LOG="debug")
    assert (ended.code, ended.out.strip()) == (OK, "answer"), ended
    assert gateway.seen and len(gateway.sent(PASSWORD)) == len(gateway.seen)
    assert all(one[2] and one[3] for one in gateway.seen), "the CSRF headers are on every request"
    assert any(one[1] and COOKIE in one[1] for one in gateway.seen), "the cookie came back"
    assert scan(home.folder, PASSWORD, COOKIE) == []
    for word in (PASSWORD, COOKIE, basic(PASSWORD)[6:]):
        assert word not in ended.err + ended.out


def test_a_wrong_password_is_sent_once(home, gateway, by_file):
    ended = home.run("run", *by_file, "-c", "1", LIVYD_PASSWORD=WRONG)
    assert ended.code == REFUSED, ended
    assert len(gateway.sent(WRONG)) == 1, gateway.seen
    assert "alice" in ended.err and WRONG not in ended.err, ended


def test_url_auth_and_user_are_a_profile_of_their_own(home, gateway):
    where = ("--url", gateway.url, "--auth", "basic", "--user", "alice")
    ended = home.run("sessions", *where, LIVYD_PASSWORD=PASSWORD)
    assert ended.code == OK and gateway.sent(PASSWORD), ended


@pytest.mark.parametrize("words, said", [
    (("--auth", "basic"), "--url"),
    (("--url", "http://127.0.0.1:1", "--auth", "ntlm"), "ntlm"),
    (("--url", "http://127.0.0.1:1", "--auth", "kerberos", "--user", "alice"), "--user"),
])
def test_wrong_words_about_authentication_are_told(home, words, said):
    ended = home.run("sessions", *words)
    assert ended.code == 2 and said in ended.err, ended


def test_without_a_terminal_it_says_which_variable(home, gateway, by_file):
    process = subprocess.Popen([home.binary, "sessions", *by_file], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home.work,
                               env=home.environment, start_new_session=True)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == REFUSED, err
    assert b"LIVYD_PASSWORD" in err and b"Password of alice" in err, err
    assert gateway.seen == []


def test_secrets_leave_the_environment_of_the_program_and_of_its_children(home):
    secrets = {name: f"{name.lower()}-{uuid.uuid4().hex}" for name in (
        "LIVYD_PASSWORD", "LIVYD_TOKEN", "LIVYD_KEY_PASSPHRASE", "LIVYD_PROXY_PASSWORD")}
    process = home.begin("run", "-c", "import time; time.sleep(600)", **secrets)
    try:
        # The endpoint and its session's worker are there.
        wait_for(lambda: len(home.processes()) >= 3, "the endpoint and its worker", PATIENCE_SECONDS)
        for pid in home.processes():
            shown = shown_by_the_kernel(pid)
            assert b"XDG_STATE_HOME" in shown
            for value in secrets.values():
                assert value.encode() not in shown, pid
    finally:
        process.kill()
        process.communicate()
    assert scan(home.folder, *secrets.values()) == []


# ---------------------------------------------------------------- a person at a terminal

class Terminal:
    """The program on a terminal of its own; `text` is what a person sees."""

    def __init__(self, home, *arguments):
        self.screen, self.side = pty.openpty()
        self.text = b""

        def take_terminal():
            fcntl.ioctl(self.side, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([home.binary, *arguments], stdin=self.side, stdout=self.side,
                                        stderr=self.side, cwd=home.work, env=home.environment,
                                        start_new_session=True, preexec_fn=take_terminal)

    def echoes(self):
        return bool(termios.tcgetattr(self.side)[3] & termios.ECHO)

    def read(self, seconds=0.1):
        if select.select([self.screen], [], [], seconds)[0]:
            self.text += os.read(self.screen, 65536)

    def wait_for(self, words):
        until = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text:
            assert time.monotonic() < until, self.text
            self.read()

    def type(self, raw):
        os.write(self.screen, raw)

    def end(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < until, self.text
            self.read()
        self.read(0)
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.screen)
        os.close(self.side)


@pytest.fixture
def terminal(home):
    made = []

    def start(*arguments):
        made.append(Terminal(home, *arguments))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_person_is_asked_and_what_is_typed_is_not_shown(terminal, gateway, by_file):
    person = terminal("run", *by_file, "-c", "1")
    person.wait_for(b"Password of alice at 127.0.0.1: ")
    assert not person.echoes()
    person.type(PASSWORD.encode() + b"\n")
    assert person.end() == OK, person.text
    assert b"answer" in person.text and PASSWORD.encode() not in person.text
    assert person.text.count(b"Password of") == 1
    assert person.echoes()


def test_ctrl_c_at_the_question_leaves_the_terminal_as_it_was(terminal, gateway, by_file):
    person = terminal("sessions", *by_file)
    person.wait_for(b"Password of alice at 127.0.0.1: ")
    person.type(b"\x03")
    assert person.end() == INTERRUPTED, person.text
    assert person.echoes()
    assert gateway.seen == []


# ---------------------------------------------------------------- the editor

@pytest.fixture
def daemon(home, tmp_path):
    daemon = home.daemon()
    daemon.state = tmp_path / "state"
    yield daemon
    daemon.close()


def needed(daemon):
    with daemon.said:
        return [one["params"] for one in daemon.notifications if one["method"] == "secret/needed"]


def give(daemon, value=None):
    answer = {"profile": "gw", "secret": "password"} | ({} if value is None else {"value": value})
    daemon.ask("secret/give", answer)


def test_the_editor_is_asked_once_and_the_run_goes_on(daemon, home, gateway):
    daemon.initialize(daemon.state, {"gw": profile(gateway)}, trace=True)
    run = daemon.start("gw", "1")
    daemon.wait(lambda: needed(daemon), "the question")
    assert needed(daemon) == [{"profile": "gw", "secret": "password", "refused": False,
                               "prompt": "Password of alice at 127.0.0.1"}]
    give(daemon, PASSWORD)
    assert daemon.finished(run)["result"]["outcome"] == "ok"
    assert len(needed(daemon)) == 1
    assert PASSWORD.encode() not in shown_by_the_kernel(daemon.process.pid)
    assert PASSWORD not in daemon.stderr() and PASSWORD not in daemon.ask("state/show", {})["text"]
    assert scan(home.folder, PASSWORD, COOKIE) == [] and scan(daemon.state, PASSWORD, COOKIE) == []


def test_a_refused_password_is_asked_for_again_and_not_sent_again(daemon, gateway):
    daemon.initialize(daemon.state, {"gw": profile(gateway)})
    give(daemon, WRONG)
    run = daemon.start("gw", "1")
    daemon.wait(lambda: needed(daemon), "the question")
    assert needed(daemon)[0]["refused"] is True
    daemon.finished(run)
    again = daemon.start("gw", "1")
    give(daemon, PASSWORD)
    assert daemon.finished(again)["result"]["outcome"] == "ok"
    assert len(gateway.sent(WRONG)) == 1


def test_whoever_does_not_want_to_give_it_is_told_and_left_alone(daemon, gateway):
    daemon.initialize(daemon.state, {"gw": profile(gateway)})
    listing = daemon.begin("session/list", {"profile": "gw"})
    daemon.wait(lambda: needed(daemon), "the question")
    give(daemon)
    with pytest.raises(RpcError) as refused:
        daemon.reply(listing)
    assert refused.value.data["kind"] == "unauthorized" and "alice" in refused.value.message
    assert len(needed(daemon)) == 1 and gateway.seen == []


def test_a_forgotten_password_is_asked_for_again(daemon, gateway):
    daemon.initialize(daemon.state, {"gw": profile(gateway)})
    give(daemon, PASSWORD)
    assert daemon.ask("session/list", {"profile": "gw"})["sessions"] == []
    daemon.ask("secret/forget", {"profile": "gw"})
    daemon.begin("session/list", {"profile": "gw"})
    daemon.wait(lambda: needed(daemon), "the question")


def test_a_password_does_not_follow_its_profile_to_another_server(daemon, gateway, fake_livy):
    other = BasicGateway()
    other.url = fake_livy(other).url
    daemon.initialize(daemon.state, {"gw": profile(gateway)})
    give(daemon, PASSWORD)
    daemon.ask("session/list", {"profile": "gw"})
    daemon.ask("configure", {"trusted": True, "profiles": {"gw": profile(gateway, confirm=True)}})
    daemon.ask("session/list", {"profile": "gw"})
    assert needed(daemon) == [], "same server, same user"
    daemon.ask("configure", {"trusted": True, "profiles": {"gw": profile(other)}})
    daemon.begin("session/list", {"profile": "gw"})
    daemon.wait(lambda: needed(daemon), "the question")
    assert other.seen == []


def test_an_untrusted_workspace_runs_no_command_and_reads_no_variable(daemon, home, gateway):
    mark = os.path.join(home.work, "ran")
    profiles = {"gw": {"url": gateway.url, "auth": {"type": "bearer", "tokenCommand": f"touch '{mark}'; echo x"}},
                "local": {"url": gateway.url, "headers": {"X-Home": "${env:HOME}"}}}
    result = daemon.initialize(daemon.state, profiles, trusted=False)
    assert [one["name"] for one in result["profiles"]] == ["local"]
    assert result["profiles"][0]["local"] is True
    with pytest.raises(RpcError) as refused:
        daemon.ask("session/list", {"profile": "gw"})
    assert "not trusted" in refused.value.message
    assert not os.path.exists(mark) and gateway.seen == []


# ---------------------------------------------------------------- livyd profiles

def test_profiles_are_listed_and_shown_without_secrets(home):
    file = home.write("profiles.json", json.dumps({
        "base": {"abstract": True, "url": "https://gw.example.com/livy", "auth": {"type": "kerberos"}},
        "test": {"extends": "base", "headers": {"X-Key": "${env:TEAM_KEY}"}, "session": {"queue": "${user}"}},
        "bad": {"extends": "bse"}}))
    listed = home.run("profiles", "--profiles", file, TEAM_KEY="secret-key")
    assert listed.code == OK, listed
    assert re.search(r"test +https://gw.example.com/livy +kerberos", listed.out), listed
    assert "Did you mean base?" in listed.out and "local" in listed.out, listed
    shown = home.run("profiles", "show", "test", "--profiles", file, TEAM_KEY="secret-key")
    assert shown.code == OK and "secret-key" not in shown.out, shown
    resolved = json.loads(shown.out)
    assert resolved["auth"] == {"type": "kerberos"} and "${" not in resolved["session"]["queue"]
    lines = [json.loads(line) for line in home.run("profiles", "--json", "--profiles", file,
                                                   TEAM_KEY="x").out.splitlines()]
    assert [line["name"] for line in lines] == ["bad", "local", "test"]


def test_profiles_of_sparkmagic_are_taken_over_without_the_password(home):
    file = home.write("config.json", json.dumps({
        "kernel_python_credentials": {"username": "alice", "password": PASSWORD, "url": "http://a:8998",
                                      "auth": "Basic_Access"},
        "session_configs": {"driverMemory": "1000M"}}))
    ended = home.run("profiles", "import", file)
    assert ended.code == OK and PASSWORD not in ended.out + ended.err, ended
    assert json.loads(ended.out) == {"config": {
        "url": "http://a:8998", "auth": {"type": "basic", "user": "alice"},
        "session": {"driverMemory": "1000M"}}}
    assert "not taken over" in ended.err
    assert home.run("profiles", "import", home.write("x.json", "{}")).code == 2


# ---------------------------------------------------------------- a token from a command

class TokenGateway(fake.Answers):
    """Takes the tokens that are valid now."""

    def __init__(self):
        super().__init__(lambda code: fake.ok("answer"))
        self.valid, self.seen = set(), []

    def intercept(self, request):
        self.seen.append(request.headers.get("Authorization"))
        if self.seen[-1] in {f"Bearer {token}" for token in self.valid}:
            return False
        request.answer(401, "", "text/html")
        return True


def test_a_token_comes_from_a_command_and_is_left_nowhere(home, fake_livy):
    token = "token-" + uuid.uuid4().hex
    gateway = TokenGateway()
    gateway.valid.add(token)
    livy = fake_livy(gateway)
    where = home.write("token", token), home.write("environment", "")
    command = f"cat '{where[0]}'; env > '{where[1]}'"
    file = home.write("profiles.json", json.dumps({"gw": {
        "url": livy.url, "agent": False, "auth": {"type": "bearer", "tokenCommand": command}}}))
    ended = home.run("run", "--profiles", file, "--profile", "gw", "-c", "1", LIVYD_LOG="debug",
                     LIVYD_PASSWORD=PASSWORD)
    assert (ended.code, ended.out.strip()) == (OK, "answer"), ended
    assert token not in ended.err
    with open(where[1]) as environment:
        assert PASSWORD not in environment.read()
    assert scan(home.folder, token) == [where[0]]
