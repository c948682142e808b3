"""`kill -9` of the daemon at any moment of a run: the next daemon shows the whole output, and nothing
executes twice."""

import collections

import pytest
from conversation import drill
from conversation.client import wait_for
from conversation.drill import SESSIONS, STATEMENTS, Case
from conversation.json_rpc import RpcError
from fault_proxy import Fault

pytestmark = pytest.mark.drill

KILLS = 100
LINES = 60
# About 0.6 s of lines of one to four byte characters, and a value.
OUTPUT = f"""import time
for number in range({LINES}):
    print(f'line {{number}} of {LINES}: ' + 'ä€🚀' * 30, flush=True)
    time.sleep(0.01)
'the end'"""


class Lane:
    """One window with one session, whose daemon dies in each of its cases."""

    def __init__(self, place, folder, path):
        self.place, self.path = place, path
        self.window = place.window(folder)
        self.door = self.window.doors["p0"]
        self.window.open()

    @property
    def daemon(self):
        return self.window.daemon

    def start(self, case):
        self.daemon.start("p0", drill.leaving_trace(self.path, case.run, OUTPUT), case.run)

    def perform(self, case):
        try:
            DEATHS[case.what.split(":")[0]](self, case)
            self.come_to_an_end(case)
        except (AssertionError, RpcError, OSError) as problem:
            case.notes.append(drill.first_line(problem))
        finally:
            self.clean_up()

    def clean_up(self):
        for fault in self.door.faults:
            fault.release()
        self.door.faults.clear()
        self.door.come_back()
        if self.daemon.process.poll() is not None:
            self.window.open()

    def next_daemon(self):
        self.window.kill()
        self.door.come_back()
        self.window.open()

    def come_to_an_end(self, case):
        """What an editor does after a reload: lists, attaches from 0, releases what is held."""
        listed = {one["run"]: one for one in self.daemon.ask("run/list", {})["runs"]}
        assert case.run in listed, "the run is not in run/list"
        self.daemon.ask("run/attach", {"run": case.run, "from": 0})
        if listed[case.run]["state"] == "held":
            self.daemon.ask("run/release", {"run": case.run})
            case.what += ", held"
        else:
            state = self.daemon.wait_state(case.run, "held", "finished")["state"]
            if state == "held":
                self.daemon.ask("run/release", {"run": case.run})
                case.what += ", held later"
        case.end(self.daemon.finished(case.run, drill.RUN_SECONDS)["result"])
        case.text = self.daemon.shown(case.run)


# ---------------------------------------------------------------- the moments


def at_once(lane, case):
    """Before anything was sent; or not, as it comes."""
    lane.start(case)
    lane.next_daemon()


def before_the_post(lane, case):
    """The request is on its way and arrives never, before the next daemon looks, or after."""
    fault = lane.door.add(Fault("hold_request", path=STATEMENTS, body=case.run))
    lane.start(case)
    assert fault.fired.wait(60), "the POST was never sent"
    arrival = case.what.split(": ")[1]
    lane.window.kill()
    posts = len(lane.door.arrived("POST", STATEMENTS))
    if arrival == "early":
        fault.release()
        assert fault.done.wait(30)
    lane.window.open()
    if arrival == "late":
        # The fence of the next daemon, or nothing when it holds the run.
        wait_for(lambda: len(lane.door.arrived("POST", STATEMENTS)) > posts or lane.daemon.told(
            "run/changed", case.run), "the next daemon to look for it", 20)
        fault.release()


def before_the_answer(lane, case):
    fault = lane.door.add(Fault("hold_answer", path=STATEMENTS, body=case.run))
    lane.start(case)
    assert fault.fired.wait(60), "the POST was never sent"
    wait_for(lambda: drill.executions(lane.path)[case.run], "the code to begin")
    lane.next_daemon()


def in_the_output(lane, case):
    """After so many percent of the output were told; after the end when it is told only there."""
    lane.start(case)
    size = float(case.what.split(": ")[1].rstrip("%")) / 100 * len(EXPECTED.encode())
    lane.daemon.wait(lambda: lane.daemon.output_bytes(case.run) > size or lane.daemon.told(
        "run/finished", case.run), "output")
    lane.next_daemon()


def before_the_end_is_told(lane, case):
    """The run ends while nothing comes through; then the daemon dies."""
    lane.start(case)
    wait_for(lambda: drill.executions(lane.path)[case.run], "the code to begin")
    lane.door.blackhole()
    session = lane.door.arrived("POST", STATEMENTS)[-1].path.split("/")[2]
    drill.worker_is_through(lane.place.server.client, session)
    lane.next_daemon()


DEATHS = {one.__name__: one for one in (at_once, before_the_post, before_the_answer, in_the_output,
                                        before_the_end_is_told)}
EXPECTED = "".join(f"line {number} of {LINES}: {'ä€🚀' * 30}\n" for number in range(LINES)) + "'the end'\n"


def moments(count):
    some = [Case("at_once")]
    some += [Case(f"before_the_post: {arrival}") for arrival in ("early", "late", "never")]
    some += [Case("before_the_answer"), Case("before_the_end_is_told")]
    turns = collections.deque(range(0, 100, 7))
    cases = []
    while len(cases) < count:
        one = some[len(cases) // 2 % len(some)]
        if len(cases) % 2:
            cases.append(Case(f"in_the_output: {turns[0]}%"))
            turns.rotate(-1)
        else:
            cases.append(Case(one.what))
    return cases


def test_an_undisturbed_run_shows_what_is_expected(livy_behind_doors, tmp_path):
    lane = Lane(livy_behind_doors, tmp_path / "window", tmp_path / "executed")
    case = Case("undisturbed")
    lane.start(case)
    case.end(lane.daemon.finished(case.run)["result"])
    assert lane.daemon.shown(case.run) == EXPECTED
    drill.must_be_right([case], drill.executions(lane.path))


def test_a_kill_at_any_moment_loses_nothing_and_repeats_nothing(livy_behind_doors, tmp_path):
    place = livy_behind_doors
    cases = moments(drill.share(KILLS, 12))
    count = min(10, place.sessions_at_once)
    lanes = [Lane(place, tmp_path / f"lane-{number}", tmp_path / f"executed-{number}")
             for number in range(count)]

    def work(pile):
        lane, some = pile
        for case in some:
            lane.perform(case)
            if case.outcome == "ok" and case.text != EXPECTED:
                case.notes.append(f"shows {len(case.text)} characters instead of {len(EXPECTED)}: "
                                  f"…{case.text[-120:]!r}")

    drill.side_by_side(work, zip(lanes, drill.dealt(cases, count)))
    counts = collections.Counter()
    for lane in lanes:
        for session in drill.sessions_made(place.server.client, [lane.door])[0]:
            drill.worker_is_through(place.server.client, session["id"])
        counts += drill.executions(lane.path)
    print(drill.figures(cases))
    drill.must_be_right(cases, counts)
    assert [len(lane.door.arrived("POST", SESSIONS)) for lane in lanes] == [1] * count
