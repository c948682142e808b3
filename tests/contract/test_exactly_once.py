"""Answers that get lost: every run executes once and is told so, every session is created once."""

import json
import threading

import pytest
from conversation import drill
from conversation.client import Client, wait_for
from conversation.drill import SESSIONS, STATEMENTS, Case
from fault_proxy import Fault

pytestmark = pytest.mark.drill

RUNS, LATE, EVICTED, CREATED = 200, 20, 20, 50
FLOOD = 101  # one more than Livy keeps

# Losses of the answer to a POST, by name: those where the server never sees it, and where it does.
LOSSES = {
    "dropped before": dict(what="drop_before"),
    "reset before": dict(what="drop_before", reset=True),
    "dropped after": dict(what="drop_after"),
    "reset after": dict(what="drop_after", reset=True),
    "cut": dict(what="cut"),
    "502 before": dict(what="bad_gateway"),
    "502 after": dict(what="bad_gateway", delivered=True),
    "503 before": dict(what="unavailable"),
    "503 after": dict(what="unavailable", delivered=True),
    "login before": dict(what="login"),
    "login after": dict(what="login", delivered=True),
}


class Drill:
    """The losses of one window's runs: plans a fault for each case and performs it."""

    def __init__(self, server, path):
        self.server, self.path = server, path
        self.faults, self.timers = [], []

    def flood(self, arrived):
        """Somebody else posts so much that what was there is forgotten."""
        client = Client(self.server.url, self.server.token)
        path = arrived.path
        for _ in range(FLOOD):
            assert client.post(path, {"code": ""}).status_code == 201
        client.close()

    def lose_next(self, door, what):
        """The next POST of a statement, the fence, is lost too."""
        return lambda arrived: door.add(Fault(what, path=STATEMENTS))

    def refuse_a_while(self, door):
        def then(arrived):
            door.proxy.loop.call_soon_threadsafe(
                lambda: self.timers.append(door.proxy.loop.create_task(refused_for(door, 1.0))))
        return then

    def fault(self, door, case):
        more = {"dropped before, evicted": dict(what="drop_before", then=self.flood),
                "dropped after, evicted": dict(what="drop_after", then=self.flood),
                "late": dict(what="late", seconds=drill.LATE_SECONDS),
                "dropped before, its fence after":
                    dict(what="drop_before", then=self.lose_next(door, "drop_after")),
                "dropped after, its fence before":
                    dict(what="drop_after", then=self.lose_next(door, "drop_before")),
                "dropped after, then refused": dict(what="drop_after", then=self.refuse_a_while(door)),
                "dropped before, then refused": dict(what="drop_before", then=self.refuse_a_while(door)),
                **LOSSES}[case.what]
        self.faults.append(door.add(Fault(path=STATEMENTS, body=case.run, **more)))
        return self.faults[-1]

    def perform(self, daemon, profile, door, case):
        fault = self.fault(door, case)
        drill.perform(daemon, profile, case, drill.leaving_trace(self.path, case.run,
                                                                 f"print('ran {case.run}')"))
        if case.outcome == "ok" and case.text != f"ran {case.run}\n":
            case.notes.append(f"shows {case.text!r}")
        if not fault.fired.is_set():
            case.notes.append("its POST was never sent")

    def settle(self, doors):
        """Waits until everything late has arrived and has run."""
        for fault in self.faults:
            assert not fault.fired.is_set() or fault.done.wait(drill.LATE_SECONDS + 30)
        for session in {one.path.split("/")[2] for door in doors for one in door.arrived("POST", STATEMENTS)}:
            drill.worker_is_through(self.server.client, session)


async def refused_for(door, seconds):
    import asyncio
    await door.shut()
    await asyncio.sleep(seconds)
    await door.listen()


def planned(runs, late, evicted):
    """The cases, late ones first so that what they leave behind arrives while the others run."""
    harder = ["dropped before, its fence after", "dropped after, its fence before",
              "dropped after, then refused", "dropped before, then refused"]
    kinds = list(LOSSES) + harder
    rest = runs - late - evicted
    return ([Case("late") for _ in range(late)] +
            [Case(f"dropped {'before' if number % 2 else 'after'}, evicted") for number in range(evicted)] +
            [Case(kinds[number % len(kinds)]) for number in range(rest)])


def lose_answers(place, cases, folder, profiles=4, **window_settings):
    """Performs the cases on some windows of some profiles; returns how often each executed, and the doors."""
    drills = Drill(place.server, folder / "executed")
    windows = place.windows(folder, profiles, **window_settings)
    lanes = [(window, name) for window in windows for name in window.profiles]
    work = list(zip(drill.dealt(cases, len(lanes)), lanes))

    def lane(pile):
        some, (window, name) = pile
        for case in some:
            drills.perform(window.daemon, name, window.doors[name], case)

    drill.side_by_side(lane, work)
    doors = [door for window in windows for door in window.doors.values()]
    drills.settle(doors)
    return drill.executions(drills.path), doors


def test_every_run_executes_once_whatever_is_lost(livy_behind_doors, tmp_path):
    cases = planned(drill.share(RUNS, 12), drill.share(LATE), drill.share(EVICTED, 2))
    counts, doors = lose_answers(livy_behind_doors, cases, tmp_path)
    print(drill.figures(cases))
    drill.must_be_right(cases, counts)
    made = drill.sessions_made(livy_behind_doors.server.client, doors)
    assert [len(one) for one in made] == [1] * len(made)


def test_without_adoption_the_drill_finds_what_is_wrong(livy_behind_doors, tmp_path):
    """The drill can fail: with the daemon's own search for lost answers switched off, it does."""
    cases = [Case(what) for what in LOSSES]
    counts, _ = lose_answers(livy_behind_doors, cases, tmp_path, 2, LIVYD_TEST_NO_ADOPTION="1")
    print(drill.figures(cases))
    problems = drill.verdict(cases, counts)
    assert len(problems) >= len(cases) // 2, problems


def test_without_the_agent_nothing_executes_twice_and_doubt_is_said(livy_behind_doors, tmp_path):
    """Livy's plain way: found again where the server still knows, "unknown" only where it has forgotten."""
    known = ["dropped after", "reset after", "cut", "502 after", "503 after", "login after",
             "dropped after, its fence before", "dropped after, then refused"]
    cases = [Case(what) for what in known * max(1, drill.share(2))]
    forgotten = [Case("dropped after, evicted") for _ in range(4)]
    counts, _ = lose_answers(livy_behind_doors, cases + forgotten, tmp_path, agent=False)
    print(drill.figures(cases + forgotten))
    drill.must_be_right(cases, counts)
    drill.must_be_right(forgotten, counts, ("unknown",))
    assert all(counts[case.run] == 1 for case in forgotten)


# ---------------------------------------------------------------- sessions


def started(daemon, profile):
    """Starts a session; returns Livy's id as soon as the daemon knows it."""
    request = daemon.begin("session/start", {"profile": profile})

    def look():
        for one in reversed(daemon.notifications):
            if one["method"] == "session/changed" and one["params"]["profile"] == profile \
                    and one["params"].get("id"):
                return one["params"]["id"]
        return request in daemon.replies and "nothing"

    id = daemon.wait(look, f"the session of {profile}", drill.RUN_SECONDS)
    return daemon.replies[request].get("result", {}).get("id", "none") if id == "nothing" else id


def test_every_session_is_created_once_whatever_is_lost(livy_behind_doors, tmp_path):
    place = livy_behind_doors
    count = drill.share(CREATED, 4)
    kinds = list(LOSSES) + ["late", "lost twice"]
    windows = place.windows(tmp_path, 10 if count > 10 else count, -(-count // 10))
    pairs = [(window, name) for window in windows for name in window.profiles][:count]
    faults, names_of = [], {}
    gate = threading.Semaphore(place.sessions_at_once)

    def create(numbered):
        number, (window, name) = numbered
        what, door = kinds[number % len(kinds)], window.doors[name]
        fault = {"late": dict(what="late", seconds=drill.LATE_SECONDS),
                 "lost twice": dict(what="drop_after", times=2), **LOSSES}.get(what)
        faults.append(door.add(Fault(path=SESSIONS, **fault)))
        with gate:
            id = started(window.daemon, name)
            if what != "late":
                problem = one_session(place.server.client, what, door, id)
                window.daemon.ask("session/stop", {"profile": name}, drill.RUN_SECONDS)
                return problem
        names_of[number] = (what, door, id)
        return None

    problems = [one for one in drill.side_by_side(create, enumerate(pairs)) if one]
    for fault in faults:
        assert fault.fired.is_set() and fault.done.wait(drill.LATE_SECONDS + 30)
    problems += [one for one in (one_session(place.server.client, *late) for late in names_of.values()) if one]
    assert not problems, "\n".join(problems)


def one_session(client, what, door, id):
    """What is wrong when the sessions asked for through a door are not exactly the one the daemon has."""
    (made,) = drill.sessions_made(client, [door])
    if [str(one["id"]) for one in made] == [id]:
        return None
    posted = [json.loads(one.body).get("name") for one in door.arrived("POST", SESSIONS)]
    return f"{what}: the daemon has {id}, the server {[(one['id'], one['name']) for one in made]}; {posted}"


def test_a_session_posted_late_is_no_second_one(livy_behind_doors, tmp_path):
    """The run that asked for it goes on with one session; nothing is left over."""
    place = livy_behind_doors
    (window,) = place.windows(tmp_path, 1, 1)
    (name, door), = window.doors.items()
    fault = door.add(Fault("late", path=SESSIONS, seconds=min(2, drill.LATE_SECONDS)))
    case = Case("late session")
    drill.perform(window.daemon, name, case, drill.leaving_trace(tmp_path / "executed", case.run))
    assert fault.done.wait(60)
    wait_for(lambda: len(drill.sessions_made(place.server.client, [door])[0]) == 1, "one session")
    drill.must_be_right([case], drill.executions(tmp_path / "executed"))
