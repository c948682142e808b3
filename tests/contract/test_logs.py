"""`livyd logs`: the session's log once, its end, and as it grows; plain enough for grep."""

import collections
import json
import signal
import subprocess
import threading

import pytest
from conversation import fake_livy as fake
from conversation.client import wait_for

OK, USAGE, REFUSED, INTERRUPTED = 0, 2, 3, 130


class Ring(fake.Behaviour):
    """The last 200 lines of standard error, as Livy keeps them."""

    def __init__(self):
        self.lines = collections.deque(maxlen=200)

    def log(self, session):
        return ["stdout: ", "\nstderr: ", *self.lines]

    def write(self, word, first, last):
        self.lines.extend([f"{word} {n}" for n in range(first, last)])  # in one step: it is read meanwhile


class Log:
    """A session whose log the test fills, and the program that shows it."""

    def __init__(self, home, livy, ring):
        self.home, self.livy, self.ring, self.write = home, livy, ring, ring.write
        livy.sessions[3] = {"id": 3, "name": "mine", "kind": "pyspark", "statements": [], "cancelled": set()}
        self.where = ["--url", livy.url, "--session", "mine"]

    def run(self, *arguments):
        return self.home.run("logs", *self.where, *arguments)

    def follow(self, *arguments):
        return Follower(self.home.begin("logs", "-f", *self.where, *arguments))


class Follower:
    """A `livyd logs -f` whose lines are read as they come."""

    def __init__(self, process):
        self.process, self.lines, self.said = process, [], []
        self.readers = [threading.Thread(target=self.read, args=ends, daemon=True)
                        for ends in ((process.stdout, self.lines), (process.stderr, self.said))]
        for reader in self.readers:
            reader.start()

    def read(self, end, into):
        for line in end:
            into.append(line.decode().rstrip("\n"))

    def wait_for(self, line):
        wait_for(lambda: line in self.lines, f"{line!r} among {self.lines[-5:]} {self.said}")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self):
        code = self.process.wait(60)
        for reader in self.readers:
            reader.join(30)
        return code


@pytest.fixture
def log(home, fake_livy):
    ring = Ring()
    return Log(home, fake_livy(ring), ring)


def test_the_log_is_printed_whole_or_in_part(log):
    log.write("line", 0, 20)
    whole = log.run()
    assert whole.code == OK and whole.err == "", whole
    lines = whole.out.splitlines()
    assert lines == [f"line {n}" for n in range(20)]
    tail = log.run("--tail", "3")
    assert tail.out.splitlines() == lines[-3:], tail
    rest = log.run("--from", "2")
    assert rest.out.splitlines() == lines[2:], rest
    page = json.loads(log.run("--json", "--tail", "2").out)
    assert page["lines"] == lines[-2:] and page["total"] == len(lines), page


def test_a_followed_log_tells_each_line_once(log):
    log.write("first", 0, 10)
    follower = log.follow()
    follower.wait_for("first 9")
    log.write("second", 0, 150)
    follower.wait_for("second 149")
    assert follower.end() == INTERRUPTED
    for word, count in (("first", 10), ("second", 150)):
        told = [line for line in follower.lines if line.startswith(word + " ")]
        assert told == [f"{word} {n}" for n in range(count)]
    assert not any("missing" in line for line in follower.lines)


def test_a_gap_is_marked(log):
    log.write("before", 0, 10)
    follower = log.follow()
    follower.wait_for("before 9")
    log.write("flood", 0, 900)
    follower.wait_for("flood 899")
    assert follower.end() == INTERRUPTED
    assert follower.lines == [*(f"before {n}" for n in range(10)), "· lines may be missing here",
                              *(f"flood {n}" for n in range(700, 900))]


def test_lines_of_the_side_channel_are_hidden(log):
    job = "26/11/21 03:49:26 INFO RSCDriver: Received bypass job request 0a8e6a3c-4b0e-4a0e-9f66-0f5d1c8d2b11"
    log.write("line", 0, 2)
    log.ring.lines.append(job)
    follower = log.follow()
    follower.wait_for("line 1")
    log.ring.lines.append(job)
    log.write("line", 2, 3)
    follower.wait_for("line 2")
    assert follower.end() == INTERRUPTED
    assert follower.lines == ["line 0", "line 1", "line 2"]
    assert log.run().out.splitlines() == ["line 0", "line 1", "line 2"]


def test_following_from_the_tail_on_does_not_repeat_it(log):
    log.write("line", 0, 30)
    follower = log.follow("--tail", "2")
    follower.wait_for("line 29")
    log.write("more", 0, 3)
    follower.wait_for("more 2")
    assert follower.end() == INTERRUPTED
    assert [line for line in follower.lines if line.startswith(("line", "more"))] == [
        "line 28", "line 29", "more 0", "more 1", "more 2"]


def test_a_followed_log_ends_with_its_session(log):
    log.write("line", 0, 3)
    follower = log.follow()
    follower.wait_for("line 2")
    log.livy.sessions.clear()
    assert follower.ended() == OK
    assert any("The session is gone" in line for line in follower.said), follower.said


def test_a_reader_that_has_seen_enough_ends_it(log):
    log.write("line", 0, 3)
    following = log.home.begin("logs", "-f", *log.where)
    head = subprocess.Popen(["head", "-n", "1"], stdin=following.stdout, stdout=subprocess.PIPE)
    following.stdout.close()
    assert head.communicate(timeout=60)[0].strip()
    log.write("more", 0, 3)
    code = following.wait(60)
    said = following.stderr.read().decode()
    following.stderr.close()
    assert code == OK, (code, said)


def test_as_events(log):
    log.write("line", 0, 3)
    follower = log.follow("--json")
    wait_for(lambda: any("line 2" in line for line in follower.lines), "the event")
    assert follower.end() == INTERRUPTED
    events = [json.loads(line) for line in follower.lines]
    assert all(event["event"] == "log/lines" for event in events), events
    assert "line 2" in [line for event in events for line in event["data"]["lines"]]


def test_without_a_session_it_says_what_to_do(home, embedded):
    ended = home.run("logs", "--url", embedded.url, LIVYD_TOKEN=embedded.token)
    assert ended.code == REFUSED and ended.out == "", ended
    assert "no session" in ended.err and "livyd session start" in ended.err, ended


def test_an_unknown_session_is_named(home, embedded):
    for more in ((), ("-f",)):
        ended = home.run("logs", "--url", embedded.url, "--session", "nobody", *more,
                         LIVYD_TOKEN=embedded.token)
        assert ended.code == REFUSED and ended.out == "", ended
        assert "session" in ended.err, ended


def test_the_log_of_this_folders_session_is_read_while_a_run_holds_it(home, embedded):
    arguments, environment = ("--url", embedded.url), {"LIVYD_TOKEN": embedded.token}
    assert home.run("run", *arguments, "-c", "1", **environment).code == OK
    running = home.begin("run", *arguments, "-c", "import time\ntime.sleep(600)", **environment)
    try:
        wait_for(lambda: any(one["state"] == "busy" for one in
                             embedded.client.get("/sessions").json()["sessions"]), "the run")
        ended = home.run("logs", *arguments, **environment)
        assert ended.code == OK, ended
    finally:
        running.kill()
        running.communicate()
