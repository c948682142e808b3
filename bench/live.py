"""Measures what a person feels while a cell runs: how late its output comes, how soon Stop frees the
session, and what looking on costs. Over the embedded endpoint, with the agent, on this machine."""
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "contract"))
from conversation.command_line import Home  # noqa: E402
from conversation.json_rpc import Daemon  # noqa: E402

PRINTS = """import time
for number in range(100):
    print(repr(time.time()), flush=True)
    time.sleep(0.05)
"""


class Timed(Daemon):
    """Notes when each message came."""

    def take(self, message):
        message["at"] = time.time()
        super().take(message)

    def came(self, method, matches, seconds=60):
        """When the first such notification arrived."""
        return self.wait(lambda: next((one["at"] for one in self.notifications if one["method"] == method
                                       and matches(one["params"])), None), method, seconds)


def opened(home, binary, profiles, window="window", **configuration):
    home.binary = str(binary)
    daemon = Timed([home.binary, "serve", "--stdio"], home.environment, home.work)
    daemon.initialize(f"{home.folder}/{window}", profiles, **configuration)
    return daemon


def running(daemon, profile, code):
    """Starts code that says "ready" and waits until that is here."""
    run = daemon.start(profile, "print('ready', flush=True)\n" + code)
    daemon.came("run/output", lambda piece: piece["run"] == run)
    return run


def print_lags(daemon):
    run = running(daemon, "p0", PRINTS)
    daemon.finished(run)
    lags = []
    for message in daemon.notifications:
        if message["method"] == "run/output" and message["params"]["run"] == run:
            lags += [(message["at"] - float(stamp)) * 1000
                     for stamp in re.findall(r"^(\d+\.\d+)$", message["params"]["text"], re.MULTILINE)]
    return lags


def stop_times(daemon, code):
    """From Stop to the end of the run and to an idle session, in ms."""
    times = []
    for _ in range(10):
        run = running(daemon, "p0", code)
        before = len(daemon.notifications)
        begun = time.time()
        truth = daemon.ask("run/stop", {"run": run})["truth"]
        if truth != "stopped":
            raise SystemExit(f"Stop of {code!r} said {truth}")
        idle = daemon.wait(lambda: next((one["at"] for one in daemon.notifications[before:]
                                         if one["method"] == "session/changed"
                                         and one["params"]["state"] == "idle"), None), "idle", 60)
        times.append((idle - begun) * 1000)
    return times


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# What cells do while they are looked on, after the first word; seconds between two prints, or silence.
HABITS = {"prints once a second": 1, "prints 20 times a second": 0.05, "prints without end": 0.001,
          "is silent": 600}


def cost_of(home, binary, count, habit, seconds=10):
    """Requests a second and the daemon's share of a processor while so many cells run."""
    profiles = {f"p{number}": {"url": "local"} for number in range(count)}
    daemon = opened(home, binary, profiles, f"window-{count}-{habit}", trace=True)
    code = f"import time\nwhile True:\n    print('word', flush=True)\n    time.sleep({HABITS[habit]})"
    runs = [daemon.start(name, code) for name in profiles]
    for run in runs:
        daemon.came("run/output", lambda piece, run=run: piece["run"] == run, 300)

    time.sleep(3)  # the first words are long seen

    def requests():
        return len(re.findall(r" http\b.* (?:GET|POST) ", pathlib.Path(daemon.errors.name).read_text(errors="replace")))

    asked, spent, begun = requests(), processor_seconds(daemon.process.pid), time.time()
    time.sleep(seconds)
    elapsed = time.time() - begun
    figures = (requests() - asked) / elapsed, (processor_seconds(daemon.process.pid) - spent) / elapsed
    for name in profiles:
        daemon.begin("session/stop", {"profile": name})
    daemon.wait(lambda: len(daemon.replies) >= daemon.last, "the sessions to end", 300)
    daemon.close()
    return figures


def measure(binary):
    python = os.environ.get("LIVYD_PLAIN_PYTHON") or sys.executable
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder, python)
        try:
            daemon = opened(home, binary, {"p0": {"url": "local"}})
            lags = print_lags(daemon)
            yield ("from `print` to the event", f"{statistics.median(lags):.0f} ms "
                   f"(p95 {statistics.quantiles(lags, n=20)[-1]:.0f}, max {max(lags):.0f})", "200 ms", "")
            for name, code in (("time.sleep(600)", "import time; time.sleep(600)"),
                               ("while True: pass", "while True: pass")):
                times = stop_times(daemon, code)
                yield (f"from Stop to an idle session, `{name}`", f"{statistics.median(times):.0f} ms "
                       f"(max {max(times):.0f})", "1 s", "")
            daemon.ask("session/stop", {"profile": "p0"})
            daemon.close()
            for count, habit in [(1, habit) for habit in HABITS] + [(10, "prints once a second"),
                                                                    (100, "prints once a second")]:
                rate, share = cost_of(home, binary, count, habit)
                yield (f"looking on {count} running cell{'s' if count > 1 else ''}, each {habit}",
                       f"{rate:.1f} requests/s", "", f"{share * 100:.0f} % of one processor")
        finally:
            home.close()
