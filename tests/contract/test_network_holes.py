"""Half a minute without a network: session and run live on, and are there again at once."""

import collections
import time

import pytest
from conversation import drill
from conversation.client import wait_for
from conversation.drill import SESSIONS, STATEMENTS, Case
from conversation.json_rpc import RpcError
from fault_proxy import Door

pytestmark = pytest.mark.drill

# What the issue promises, and what a slow machine with sanitizers may take on top.
BACK_SECONDS = 2
GRACE_SECONDS = 2


def lines(seconds):
    """Code that prints for so long; the last line stands alone."""
    count = int(seconds * 4)
    return f"import time\nfor n in range({count}):\n    print('line', n, flush=True)\n    time.sleep(0.25)\n'over'"


def told(lines_seconds):
    return "".join(f"line {n}\n" for n in range(int(lines_seconds * 4))) + "'over'\n"


class Hole:
    """A run under way, and a network that goes and comes back."""

    def __init__(self, window, case, path, seconds):
        self.case, self.path, self.seconds = case, path, seconds
        self.daemon, self.door = window.daemon, window.doors["p0"]

    def session_told(self):
        with self.daemon.said:
            return [one["params"] for one in self.daemon.notifications
                    if one["method"] == "session/changed"]

    def go_through(self):
        leave, come_back = WAYS[self.case.what]
        run = self.case.run
        self.daemon.start("p0", drill.leaving_trace(self.path, run, lines(self.seconds + 3)), run)
        wait_for(lambda: drill.executions(self.path)[run], "the code to begin", 60)
        leave(self.door)
        gone = time.monotonic()
        unreachable = self.daemon.wait(lambda: next(
            (one for one in self.session_told() if one["state"] == "unreachable"), None), "unreachable",
            max(10, self.seconds))
        assert unreachable.get("detail"), "it does not say why"
        assert not self.daemon.told("run/finished", run), "the run was given up"
        # The hole's own length is what this test is about; nothing else is waited for here.
        time.sleep(max(0, gone + self.seconds - time.monotonic()))
        assert not self.daemon.told("run/finished", run), "the run was given up"
        come_back(self.door)
        self.back()

    def back(self):
        begun = time.monotonic()
        self.daemon.wait(lambda: self.session_told()[-1]["state"] in ("idle", "busy"), "the way back")
        self.case.text = f"{time.monotonic() - begun:.2f} s"
        took = time.monotonic() - begun
        self.case.end(self.daemon.finished(self.case.run, drill.RUN_SECONDS)["result"])
        assert self.daemon.shown(self.case.run) == told(self.seconds + 3)
        if took > BACK_SECONDS + GRACE_SECONDS:
            self.case.notes.append(f"back in business only {took:.1f} s after the return")


WAYS = {
    "refused": (Door.refuse, Door.come_back),
    "black hole": (Door.blackhole, Door.come_back),
    # What was under way is forgotten by a NAT in between: silence for ever, no reset.
    "black hole, silent after": (Door.blackhole, lambda door: door.come_back(reset=False)),
}


def test_a_run_outlives_a_hole_in_the_network(livy_behind_doors, tmp_path):
    place = livy_behind_doors
    holes = []
    for number, what in enumerate(list(WAYS)[:place.sessions_at_once]):
        window = place.window(tmp_path / f"window-{number}")
        window.open()
        holes.append(Hole(window, Case(what), tmp_path / f"executed-{number}", drill.HOLE_SECONDS))

    def work(hole):
        drill.perform(hole.daemon, "p0", Case("first"), "1")
        try:
            hole.go_through()
        except (AssertionError, RpcError) as problem:
            hole.case.notes.append(drill.first_line(problem))

    drill.side_by_side(work, holes)
    print(", ".join(f"{hole.case.what}: back after {hole.case.text}" for hole in holes))
    counts = sum((drill.executions(hole.path) for hole in holes), collections.Counter())
    drill.must_be_right([hole.case for hole in holes], counts)
    for hole in holes:
        after = drill.perform(hole.daemon, "p0", Case("after"), "'still there'")
        assert after.text == "'still there'\n", after
        assert len(hole.door.arrived("POST", SESSIONS)) == 1
        assert len(hole.door.arrived("POST", STATEMENTS, hole.case.run)) == 1
