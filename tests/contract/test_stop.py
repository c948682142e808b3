"""Stop tells one of five truths and never hits anything else."""

import collections
import random
import threading

import pytest
from conversation import drill
from conversation.client import wait_for
from conversation.drill import SESSIONS, STATEMENTS
from fault_proxy import Fault

pytestmark = pytest.mark.drill

TRUTHS = {"stopped", "busy", "alreadyFinished", "withdrawn", "unknown"}
RACES = 200
# Native loops that release nothing; each ends by itself within some seconds, also on a slow machine.
NATIVE = {
    "sum": "sum(range(2 * 10**8))",
    "regular expression": "import re; bool(re.match('(a|aa)+$', 'a' * 36 + 'b'))",
}
FREE_SECONDS = 20  # generous: bench/ says how fast it is


@pytest.fixture
def window(livy_behind_doors, tmp_path):
    window = livy_behind_doors.window(tmp_path / "window")
    window.open()
    return window


@pytest.fixture
def path(tmp_path):
    return tmp_path / "executed"


def begun(daemon, path, code, profile="p0"):
    """Starts a run and waits until its code executes."""
    run = drill.Case("").run
    daemon.start(profile, drill.leaving_trace(path, run, code), run)
    wait_for(lambda: drill.executions(path)[run], f"{code} to begin", drill.RUN_SECONDS)
    return run


def stop(daemon, run, seconds=60):
    answer = daemon.ask("run/stop", {"run": run}, seconds)
    assert answer["truth"] in TRUTHS and answer["message"], answer
    return answer


def outcome(daemon, run, seconds=60):
    return daemon.finished(run, seconds)["result"]["outcome"]


def still_serves(daemon, profile="p0", seconds=FREE_SECONDS):
    run = daemon.start(profile, "'still serves'")
    assert daemon.finished(run, seconds)["result"]["outcome"] == "ok"
    assert daemon.shown(run) == "'still serves'\n"


def one_session(door):
    assert len(door.arrived("POST", SESSIONS)) == 1, "the session was replaced"


@pytest.mark.parametrize("code", ["import time\ntime.sleep(600)", "while True: pass",
                                  "import subprocess\nsubprocess.run(['sleep', '600'])",
                                  "try:\n    import time; time.sleep(600)\nfinally:\n    print('cleaned up')"],
                         ids=["sleep", "loop", "child", "finally"])
def test_python_that_would_go_on_is_stopped_and_the_session_is_free(window, path, code):
    run = begun(window.daemon, path, code)
    assert stop(window.daemon, run)["truth"] == "stopped"
    assert outcome(window.daemon, run) == "stopped"
    still_serves(window.daemon)
    assert ("cleaned up" in window.daemon.shown(run)) == ("cleaned up" in code)
    one_session(window.doors["p0"])


@pytest.mark.parametrize("code", NATIVE.values(), ids=NATIVE.keys())
def test_native_code_is_waited_for_and_that_is_said(window, path, code):
    """The second Stop of what does not stop offers a new session; nothing is killed by itself."""
    run = begun(window.daemon, path, code)
    first = window.daemon.begin("run/stop", {"run": run})
    window.daemon.wait_state(run, "stopping", "finished")
    second = stop(window.daemon, run)
    answer = window.daemon.reply(first)
    assert answer["truth"] in ("busy", "stopped", "alreadyFinished"), answer
    if second["truth"] == "busy":
        assert "restart" in second["message"].lower(), second
    window.daemon.finished(run, drill.RUN_SECONDS)
    still_serves(window.daemon, seconds=drill.RUN_SECONDS)
    one_session(window.doors["p0"])
    print(answer["truth"], "then", second["truth"], "and in the end", outcome(window.daemon, run))


def test_a_queued_run_is_withdrawn(window, path):
    running = begun(window.daemon, path, "import time\ntime.sleep(600)")
    queued = drill.Case("").run
    window.daemon.start("p0", drill.leaving_trace(path, queued), queued)
    assert stop(window.daemon, queued)["truth"] == "withdrawn"
    assert stop(window.daemon, running)["truth"] == "stopped"
    assert outcome(window.daemon, queued) == "stopped"
    still_serves(window.daemon)
    assert drill.executions(path)[queued] == 0
    assert stop(window.daemon, queued)["truth"] in ("withdrawn", "alreadyFinished")


def test_a_run_that_waits_for_a_starting_session_is_withdrawn(window, path):
    """The session goes on starting: it is there for the next run."""
    door = window.doors["p0"]
    fault = door.add(Fault("hold_answer", path=SESSIONS))
    run = drill.Case("").run
    window.daemon.start("p0", drill.leaving_trace(path, run), run)
    assert fault.fired.wait(60)
    assert stop(window.daemon, run)["truth"] == "withdrawn"
    assert outcome(window.daemon, run) == "stopped"
    fault.release()
    still_serves(window.daemon, seconds=drill.RUN_SECONDS)
    assert drill.executions(path)[run] == 0
    one_session(door)


@pytest.mark.parametrize("held", ["hold_request", "hold_answer"])
def test_a_run_whose_post_is_under_way_is_stopped_or_never_runs(window, path, livy_behind_doors, held):
    still_serves(window.daemon, seconds=drill.RUN_SECONDS)
    door, run = window.doors["p0"], drill.Case("").run
    fault = door.add(Fault(held, path=STATEMENTS, body=run))
    window.daemon.start("p0", drill.leaving_trace(path, run, "import time\ntime.sleep(600)"), run)
    assert fault.fired.wait(60)
    if held == "hold_answer":
        wait_for(lambda: drill.executions(path)[run], "the code to begin")
    request = window.daemon.begin("run/stop", {"run": run})
    # A Stop may wait for the answer; a late one is what it must be safe from.
    try:
        answer = window.daemon.reply(request, 5)
        fault.release()
    except AssertionError:
        fault.release()
        answer = window.daemon.reply(request)
    assert fault.done.wait(30)
    print(held, answer)
    # While nothing comes back nobody can know; then it must become known, and the Stop true.
    assert answer["truth"] in ("stopped", "withdrawn", "unknown"), answer
    assert outcome(window.daemon, run) == "stopped"
    still_serves(window.daemon)
    assert drill.executions(path)[run] <= (0 if answer["truth"] == "withdrawn" else 1)
    one_session(door)


def test_two_hundred_stops_that_race_with_the_end_hit_nothing_else(livy_behind_doors, tmp_path):
    place = livy_behind_doors
    lanes = min(4, place.sessions_at_once)
    (window,) = place.windows(tmp_path, lanes, 1)
    races = drill.dealt(list(range(drill.share(RACES, 12))), len(window.profiles))
    truths, lock = collections.Counter(), threading.Lock()

    def lane(pile):
        profile, numbers = pile
        daemon, chance = window.daemon, random.Random(numbers[0])
        identity = process_of(daemon, profile)
        for number in numbers:
            raced = daemon.start(profile, f"import time\ntime.sleep(0.03)\nprint('raced {number}')")
            behind = daemon.start(profile, f"time.sleep(0.01)\n'behind {number}'")
            daemon.wait_state(raced, "sent", "running", "finished")
            threading.Event().wait(chance.uniform(0, 0.05))
            truth = stop(daemon, raced)["truth"]
            end = outcome(daemon, raced)
            assert (truth, end) in {("stopped", "stopped"), ("alreadyFinished", "ok"),
                                    ("withdrawn", "stopped")}, (number, truth, end)
            assert outcome(daemon, behind) == "ok", (number, truth)
            assert daemon.shown(behind) == f"'behind {number}'\n", (number, truth)
            with lock:
                truths[truth] += 1
        assert process_of(daemon, profile) == identity, "another process serves this session"

    drill.side_by_side(lane, zip(window.profiles, races))
    print(dict(truths))
    for door in window.doors.values():
        one_session(door)


def process_of(daemon, profile):
    run = daemon.start(profile, "import os, time\nprint(os.getpid())")
    assert outcome(daemon, run, drill.RUN_SECONDS) == "ok"
    return daemon.shown(run)


def test_a_finished_run_has_already_finished(window):
    run = window.daemon.start("p0", "1")
    assert outcome(window.daemon, run, drill.RUN_SECONDS) == "ok"
    assert stop(window.daemon, run)["truth"] == "alreadyFinished"


# ---------------------------------------------------------------- Livy's plain way


@pytest.fixture
def plain_window(livy_behind_doors, tmp_path):
    window = livy_behind_doors.window(tmp_path / "window", agent=False)
    window.open()
    return window


def test_without_the_agent_a_running_statement_keeps_the_driver_and_that_is_said(plain_window, path):
    daemon = plain_window.daemon
    run = begun(daemon, path, "import time\ntime.sleep(8)")
    queued = daemon.start("p0", "'queued'")
    assert stop(daemon, queued)["truth"] == "withdrawn"
    assert stop(daemon, run)["truth"] == "busy"
    still_serves(daemon, seconds=drill.RUN_SECONDS)
    one_session(plain_window.doors["p0"])


def test_without_the_agent_stops_that_race_hit_nothing_else(plain_window):
    daemon = plain_window.daemon
    for number in range(drill.share(RACES, 5)):
        raced = daemon.start("p0", "import time\ntime.sleep(0.03)")
        behind = daemon.start("p0", f"'behind {number}'")
        daemon.wait_state(raced, "sent", "running", "finished")
        stop(daemon, raced)
        assert outcome(daemon, behind) == "ok"
        assert daemon.shown(behind) == f"'behind {number}'\n"
    one_session(plain_window.doors["p0"])
