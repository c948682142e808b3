"""`livyd session`, `sessions`, `statements`, `runs` and `state` as a user types them."""

import json
import os
import pty
import re

import pytest
from conversation.client import wait_for

OK, RAISED, USAGE, REFUSED = 0, 1, 2, 3


class Place:
    """A home and a server of one test, and the commands on them."""

    def __init__(self, home, server):
        self.home, self.server = home, server

    def run(self, *arguments, **more):
        at = ("--url", self.server.url)
        return self.home.run(arguments[0], *at, *arguments[1:], LIVYD_TOKEN=self.server.token, **more)

    def sessions(self):
        return self.server.client.get("/sessions").json()["sessions"]


@pytest.fixture
def place(home, embedded):
    return Place(home, embedded)


# ---------------------------------------------------------------- session

def test_a_session_is_started_shown_and_stopped(place):
    started = place.run("session", "start")
    assert started.code == OK and "is idle" in started.err, started
    (session,) = place.sessions()
    shown = place.run("session")
    assert shown.code == OK and session["name"] in shown.out and "pyspark" in shown.out, shown
    details = json.loads(place.run("session", "show", "--json").out)
    assert details["session"]["id"] == str(session["id"])
    stopped = place.run("session", "stop")
    assert stopped.code == OK and place.sessions() == [], stopped
    again = place.run("session")
    assert again.code == REFUSED and "removed" in again.err and "livyd session start" in again.err, again


def test_after_a_stop_nothing_starts_by_itself(place):
    assert place.run("session", "start").code == OK
    assert place.run("session", "stop").code == OK
    ended = place.run("run", "-c", "print(1)")
    assert ended.code == REFUSED and place.sessions() == [], ended
    assert place.run("session", "start").code == OK
    assert place.run("run", "-c", "print(1)").out.strip() == "1"


def test_a_restart_is_a_new_session_without_variables(place):
    assert place.run("run", "-c", "kept = 1").code == OK
    (before,) = place.sessions()
    restarted = place.run("session", "restart")
    assert restarted.code == OK, restarted
    (after,) = place.sessions()
    assert after["name"] != before["name"]
    assert place.run("run", "-c", "kept").code == RAISED


def test_a_run_goes_to_the_session_that_was_attached(place):
    theirs = place.server.client.create(name="theirs").wait_idle()
    attached = place.run("session", "attach", "theirs")
    assert attached.code == OK and "theirs" in attached.err, attached
    assert place.run("run", "-c", "print(1)").out.strip() == "1"
    assert [one["id"] for one in place.sessions()] == [theirs.id]


def test_keep_tells_the_server_that_it_is_used(place):
    assert place.run("session", "start").code == OK
    assert place.run("session", "keep").code == OK


def test_an_unknown_session_is_named(place):
    for command in ("show", "attach"):
        ended = place.run("session", command, "nobody")
        assert ended.code == REFUSED and "nobody" in ended.err and ended.out == "", ended


# ---------------------------------------------------------------- sessions

def test_mine_are_those_that_livyd_started(place):
    place.server.client.create(name="theirs").wait_idle()
    assert place.run("session", "start").code == OK
    mine = place.run("sessions", "--mine")
    assert mine.code == OK and "livyd-" in mine.out and "theirs" not in mine.out, mine
    everyone = place.run("sessions", "--all")
    assert "livyd-" in everyone.out and "theirs" in everyone.out, everyone
    rows = [json.loads(line) for line in place.run("sessions", "--json").out.splitlines()]
    assert {row["mine"] for row in rows} == {True, False}


def test_columns_stand_below_each_other_whatever_the_names(place):
    place.server.client.create(name="Größe-世界").wait_idle()
    place.server.client.create(name="plain").wait_idle()
    lines = place.run("sessions").out.splitlines()
    wide = {True: 2, False: 1}
    column = {sum(wide[ord(c) > 0x2E80] for c in line[:line.index(" idle")]) +
              len(re.match(" *", line[line.index(" idle"):]).group()) for line in lines[1:]}
    assert len(column) == 1, lines


def test_killing_mine_leaves_the_others(place):
    place.server.client.create(name="theirs").wait_idle()
    assert place.run("session", "start").code == OK
    killed = place.run("sessions", "kill", "--mine")
    assert killed.code == OK and "was deleted" in killed.err, killed
    assert [one["name"] for one in place.sessions()] == ["theirs"]


@pytest.mark.parametrize("which", [("--all",), ("theirs",)], ids=["all", "named"])
def test_others_are_not_killed_without_a_second_word(place, which):
    place.server.client.create(name="theirs").wait_idle()
    refused = place.run("sessions", "kill", *which)
    assert refused.code == USAGE and "theirs" in refused.err and "--yes" in refused.err, refused
    assert [one["name"] for one in place.sessions()] == ["theirs"]
    killed = place.run("sessions", "kill", *which, "--yes")
    assert killed.code == OK and place.sessions() == [], killed


@pytest.mark.parametrize("answer,left", [(b"n\n", 1), (b"\n", 1), (b"y\n", 0)])
def test_a_person_is_asked_by_name(place, answer, left):
    place.server.client.create(name="theirs").wait_idle()
    ours, theirs = pty.openpty()
    process = place.home.begin("sessions", "--url", place.server.url, "kill", "theirs", stdin=theirs,
                               LIVYD_TOKEN=place.server.token)
    os.close(theirs)
    os.write(ours, answer)
    said = process.communicate(timeout=60)[1].decode()
    os.close(ours)
    assert "theirs" in said and "Kill them? [y/N]" in said, said
    assert len(place.sessions()) == left and process.returncode == (USAGE if left else OK), said


# ---------------------------------------------------------------- statements

def test_statements_are_listed_whoever_sent_them(place):
    assert place.run("run", "-c", "mine = 1").code == OK
    (session,) = place.sessions()
    place.server.client.post(f"/sessions/{session['id']}/statements", {"code": "theirs = 2"})
    listed = place.run("statements")
    assert listed.code == OK and "mine = 1" in listed.out and "theirs = 2" in listed.out, listed
    assert "livyd run=" not in listed.out
    rows = [json.loads(line) for line in place.run("statements", "--json").out.splitlines()]
    numbers = [row["statement"] for row in rows]
    assert numbers == sorted(numbers, reverse=True)


def test_a_statement_is_cancelled(place):
    session = place.server.client.create(name="busy").wait_idle()
    session.post("import time\ntime.sleep(600)")
    ended = place.run("statements", "cancel", "0", "--session", "busy")
    assert ended.code == OK and "statement 0" in ended.err, ended
    path = f"/sessions/{session.id}/statements/0"
    wait_for(lambda: place.server.client.get(path).json()["state"] in ("cancelling", "cancelled"),
             "the cancellation")


# ---------------------------------------------------------------- runs and state

def test_runs_are_kept_shown_searched_and_cleared(place):
    path = place.home.write("job.py", "print('needle in the output')\n")
    assert place.run("run", path).code == OK
    assert place.run("run", "-c", "1/0").code == RAISED
    rows = [json.loads(line) for line in place.run("runs", "--json").out.splitlines()]
    assert [row["result"]["outcome"] for row in rows] == ["error", "ok"]
    table = place.run("runs")
    assert table.code == OK and "job.py" in table.out and "error" in table.out, table
    run = rows[1]["run"]
    shown = place.run("runs", "show", run[:8])
    assert shown.code == OK and shown.out.strip() == "needle in the output", shown
    code = place.run("runs", "show", run, "--code")
    assert "needle" in code.out and "livyd run=" not in code.out, code
    found = place.run("runs", "search", "NEEDLE")
    assert found.code == OK and run[:8] in found.out, found
    nothing = place.run("runs", "search", "haystack")
    assert nothing.code == RAISED and nothing.out == "", nothing
    assert place.run("runs", "clear").code == OK
    empty = place.run("runs")
    assert empty.code == OK and empty.out == "" and "No runs" in empty.err, empty


def test_an_unknown_run_is_named(place):
    ended = place.run("runs", "show", "12345678")
    assert ended.code == REFUSED and "12345678" in ended.err and ended.out == "", ended


def test_the_state_names_session_and_version_and_no_secret(place):
    assert place.run("run", "-c", "print(1)").code == OK
    (session,) = place.sessions()
    state = place.run("state")
    assert state.code == OK and session["name"] in state.out and "livyd " in state.out, state
    assert place.server.token not in state.out
