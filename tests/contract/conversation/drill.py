"""Windows behind failing networks: daemons with profiles whose every request passes a door of a fault
proxy, runs that leave a trace in a file when they execute, and what must be true of both in the end."""

import collections
import concurrent.futures
import itertools
import json
import os
import threading
import uuid
from dataclasses import dataclass, field

from .client import wait_for
from .command_line import Home
from .json_rpc import Daemon, RpcError

STATEMENTS = r"/sessions/[^/]+/statements"
SESSIONS = r"/sessions"
# For a run whose session may have to start first.
RUN_SECONDS = float(os.environ.get("LIVYD_TEST_RUN_SECONDS", "180"))
# How much of each drill is done: 100 is what docs and issue claim; less is for a quick look.
PERCENT = int(os.environ.get("LIVYD_TEST_DRILL_PERCENT", "100"))
LATE_SECONDS = float(os.environ.get("LIVYD_TEST_LATE_SECONDS", "10"))
HOLE_SECONDS = float(os.environ.get("LIVYD_TEST_HOLE_SECONDS", "30"))


def share(count, least=1):
    """So many of `count` as are to be done, at least `least`."""
    return max(least, count * PERCENT // 100)


def leaving_trace(path, run, code=""):
    """Python that appends the run's id to a file in one write, before `code`."""
    return (f"import os\ntrace = os.open({str(path)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)\n"
            f"wrote = os.write(trace, b'{run}\\n')\nos.close(trace)\n{code}")


def executions(path):
    """How often each run executed."""
    if not os.path.exists(path):
        return collections.Counter()
    with open(path, encoding="ascii") as lines:
        return collections.Counter(line.strip() for line in lines)


class Busy(Daemon):
    """A daemon that several threads speak to."""

    def __init__(self, *arguments):
        self.writing = threading.Lock()
        super().__init__(*arguments)

    def begin(self, method, params):
        with self.writing:
            return super().begin(method, params)

    def told(self, method, run):
        """The latest notification of this kind about a run."""
        return (self.events(method, run) or [None])[-1]

    def output_bytes(self, run):
        return sum(len(piece["text"].encode()) for piece in self.events("run/output", run))

    def wait_state(self, run, *states, seconds=RUN_SECONDS):
        def look():
            latest = self.told("run/finished", run) or self.told("run/changed", run)
            return latest if latest and latest["state"] in states else None

        return self.wait(look, f"run {run} to be {' or '.join(states)}", seconds)

    def shown(self, run):
        """What an editor shows: all pieces laid down at their offsets. A gap, or an overlap that says
        something else, is an error."""
        whole = bytearray()
        for piece in self.events("run/output", run):
            at, raw = piece["offset"], piece["text"].encode()
            assert at <= len(whole), f"a gap: {len(whole)} bytes and a piece at {at}"
            again = whole[at:at + len(raw)]
            assert raw.startswith(again), f"at {at} it was {bytes(again[:80])!r} and is {raw[:80]!r}"
            whole[at:at + len(raw)] = raw
        return whole.decode()


class Window:
    """One state folder and the daemons that follow each other on it. `doors`: profile name → door."""

    def __init__(self, folder, python, doors, agent=True, binary=None, **environment):
        self.home = Home(folder, python, binary)
        self.home.environment.update(environment)
        self.state = os.path.join(str(folder), "state-of-window")
        self.doors = doors
        self.profiles = {name: {"url": door.url, **({} if agent else {"agent": False})}
                         for name, door in doors.items()}
        self.numbers = itertools.count(1)
        self.daemon = None

    def open(self, **configuration):
        """Starts a daemon; the one before has ended."""
        folder = os.path.join(self.home.folder, f"daemon-{next(self.numbers)}")
        os.makedirs(folder)
        self.daemon = Busy([self.home.binary, "serve", "--stdio"], self.home.environment, folder)
        self.daemon.initialize(self.state, self.profiles, **configuration)
        return self.daemon

    def kill(self):
        """`kill -9`."""
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon.close()

    def remove_sessions(self):
        for name in self.profiles:
            try:
                self.daemon.ask("session/stop", {"profile": name}, 30)
            except (AssertionError, RpcError, OSError):
                pass

    def close(self):
        if self.daemon and self.daemon.process.poll() is None:
            self.remove_sessions()
            self.daemon.close()
        self.home.close()


class Place:
    """A server under test, a fault proxy before it, and the windows that work through the proxy."""

    def __init__(self, server, proxy, python):
        self.server, self.proxy, self.python = server, proxy, python
        self.made = []
        # A real Livy's session is a Java process of some 500 MB.
        self.sessions_at_once = 2 if server.foreign else 12

    def windows(self, folder, profiles, count=None, **settings):
        """Opened windows, each with so many profiles, each with a door of its own; without `count` as many
        as the server takes sessions, and fewer profiles when it takes fewer."""
        if count is None:
            profiles = min(profiles, self.sessions_at_once)
            count = self.sessions_at_once // profiles
        made = [self.window(folder / f"window-{len(self.made)}-{number}", profiles, **settings)
                for number in range(count)]
        side_by_side(Window.open, made, 4)
        return made

    def window(self, folder, profiles=1, **settings):
        doors = {f"p{number}": self.proxy.door(self.server.url, self.server.token)
                 for number in range(profiles)}
        self.made.append(Window(folder, self.python, doors, **settings))
        return self.made[-1]

    def close(self):
        for door in self.proxy.doors:
            door.faults.clear()
            door.come_back()
        side_by_side(Window.close, self.made, 4)
        self.proxy.close()


def first_line(problem):
    return f"{type(problem).__name__}: {problem}".split("\n")[0]


@dataclass
class Case:
    """One run of a drill and what became of it."""

    what: str
    run: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: str = "no end seen"
    message: str = ""
    text: str = ""
    notes: list = field(default_factory=list)

    def end(self, result):
        self.outcome, self.message = result["outcome"], result["message"]

    def problems(self, count, wanted=("ok",)):
        """What is wrong, as sentences, given how often its code executed."""
        found = list(self.notes)
        if self.outcome not in wanted:
            found.append(f"ended as {self.outcome}")
        if self.outcome == "ok" and count != 1:
            found.append(f"told as ok, executed {count} times")
        if self.outcome in ("failed", "withdrawn") and count:
            found.append(f"told as never run, executed {count} times")
        if count > 1 and self.outcome != "ok":
            found.append(f"executed {count} times")
        return [f"{self.what} ({self.run}): {one}. {self.message}" for one in found]


def verdict(cases, counts, wanted=("ok",)):
    """All that is wrong with a drill; empty when everything ran exactly once and was told so."""
    return [problem for case in cases for problem in case.problems(counts[case.run], wanted)]


def must_be_right(cases, counts, wanted=("ok",)):
    found = verdict(cases, counts, wanted)
    assert not found, "\n".join([f"{len(found)} problems in {len(cases)} cases", *found])


def figures(cases):
    """How many cases of each kind ended how, for the record."""
    table = collections.Counter((case.what, case.outcome) for case in cases)
    return ", ".join(f"{what} → {outcome} {count}" for (what, outcome), count in sorted(table.items()))


def side_by_side(work, items, at_once=16):
    """Calls `work` for all items on threads; the first exception comes out after all have ended."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        pending = [pool.submit(work, item) for item in items]
    return [one.result() for one in pending]


def dealt(items, hands):
    """The items as so many piles, one after the other, as cards are dealt."""
    return [items[number::hands] for number in range(hands)]


def perform(daemon, profile, case, code, **more):
    """Starts a case's run and waits for its end; what goes wrong is noted."""
    try:
        daemon.start(profile, code, case.run, **more)
        case.end(daemon.finished(case.run, RUN_SECONDS)["result"])
        case.text = daemon.shown(case.run)
    except (AssertionError, RpcError, OSError) as problem:
        case.notes.append(first_line(problem))
    return case


def sessions_made(client, doors):
    """Per door, what the server knows of the sessions asked for through it: names and ids."""
    listed = client.get("/sessions?size=1000").json()["sessions"]
    made = []
    for door in doors:
        names = {json.loads(one.body).get("name") for one in door.arrived("POST", SESSIONS)}
        made.append([one for one in listed if one["name"] in names])
    return made


def worker_is_through(client, session):
    """Waits until everything that was posted to a session has ended."""
    path = f"/sessions/{session}/statements"
    last = client.post(path, {"code": ""}).json()["id"]
    wait_for(lambda: client.get(f"{path}/{last}").json().get("completed"), f"session {session} to be through")
