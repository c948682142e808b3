"""livyd as one person uses it against the rig. All that it says, writes and shows is kept below one folder."""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "contract"))

from conversation.json_rpc import Daemon  # noqa: E402

LOG_LINE = re.compile(r"\d\d:\d\d:\d\d\.\d+ \[\w+\] ")
OURS = ("LIVYD_", "KRB5", "XDG_")


@dataclasses.dataclass
class Done:
    """A command that ended; `said` is its standard error without the log."""

    code: int
    output: str
    said: str


def processes_below(pid):
    """A process and its children, theirs too."""
    found = [pid]
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                found += processes_below(int(child))
        except OSError:
            pass
    return found


class Desk:
    """`profiles` are the person's own. Every command and daemon logs as much as it can."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.profiles = {}
        self._numbers = iter(range(1, 10**6))
        self._daemons = []
        self._shown = {}
        (self.folder / "work").mkdir()

    def environment(self, more):
        """Nothing of who runs the tests but `more`."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(OURS) and not name.lower().endswith("_proxy")}
        return {**kept, "XDG_STATE_HOME": str(self.folder / "state"), "XDG_CONFIG_HOME": str(self.folder / "config"),
                "LIVYD_PYTHON": sys.executable, "LIVYD_LOG": "debug", "SPARK_LOCAL_IP": "127.0.0.1",
                **{name: str(value) for name, value in more.items()}}

    # ------------------------------------------------------------ commands

    def begin(self, *words, environment=(), before=()):
        """A command that runs: the process, and where its output and its errors go."""
        profiles = self.folder / "config" / "livyd" / "profiles.json"
        profiles.parent.mkdir(parents=True, exist_ok=True)
        profiles.write_text(json.dumps(self.profiles))
        number = next(self._numbers)
        output, errors = (self.folder / f"command-{number}.{name}" for name in ("out", "err"))
        with open(output, "wb") as out, open(errors, "wb") as err:
            process = subprocess.Popen(
                [*map(str, before), self.binary, *map(str, words)], cwd=self.folder / "work", stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, env=self.environment(dict(environment)), start_new_session=True)
        return process, output, errors

    def command(self, *words, environment=(), before=(), deadline=120):
        """Runs `livyd words` to its end, below the command `before`."""
        process, output, errors = self.begin(*words, environment=environment, before=before)
        until = time.monotonic() + deadline
        while process.poll() is None:
            # Until livyd has begun, /proc shows what it was started with.
            self.look_at(process.pid, begun=errors.stat().st_size > 0)
            if time.monotonic() > until:
                process.kill()
                process.wait()
                raise AssertionError(f"livyd {words[0]} has not ended after {deadline} s:\n{errors.read_text()[-3000:]}")
            time.sleep(0.05)
        said = [line for line in errors.read_text(errors="replace").splitlines() if not LOG_LINE.match(line)]
        return Done(process.returncode, output.read_text(), "\n".join(said))

    # ------------------------------------------------------------ an editor's window

    def daemon(self, environment=(), state="window"):
        """`livyd serve` with this desk's profiles and the trace on. Ended with the desk, or before."""
        folder = self.folder / f"daemon-{next(self._numbers)}"
        folder.mkdir()
        daemon = Daemon([self.binary, "serve", "--stdio"], self.environment(dict(environment)), str(folder))
        self._daemons.append((daemon, folder))
        daemon.initialize(self.folder / state, self.profiles, trace=True)
        return daemon

    def leave(self, daemon):
        """Ends a daemon and keeps what went over its channel."""
        [folder] = [folder for one, folder in self._daemons if one is daemon]
        self._daemons.remove((daemon, folder))
        self.look_at(daemon.process.pid, begun=True)
        daemon.close()
        (folder / "channel").write_text(
            json.dumps([daemon.notifications, list(daemon.replies.values())], ensure_ascii=False))

    # ------------------------------------------------------------ what everybody on this machine may see

    def look_at(self, pid, begun):
        """Keeps the latest that /proc shows of a process and its children; its environment once it has begun."""
        names = ("cmdline", "environ") if begun else ("cmdline",)
        for one in processes_below(pid):
            try:
                shown = b"".join(pathlib.Path(f"/proc/{one}/{name}").read_bytes() for name in names)
            except OSError:
                continue
            if shown and (begun or one not in self._shown):
                self._shown[one] = shown

    def close(self):
        for daemon, _ in list(self._daemons):
            self.leave(daemon)
        (self.folder / "processes").write_bytes(b"\n".join(self._shown.values()))
        shutil.rmtree(self.folder / "work", ignore_errors=True)
