"""The program itself in a home of its own, so that nothing of the user's is read or left behind."""

import os
import signal
import subprocess
import time

from .json_rpc import Daemon
from .server import livyd_binary

PATIENCE_SECONDS = 90


class Home:
    """A private home folder; `python` is the interpreter of the embedded endpoint's sessions."""

    def __init__(self, folder, python, binary=None):
        self.folder, self.binary = str(folder), binary or livyd_binary()
        self.work = os.path.join(self.folder, "work")
        os.makedirs(self.work, exist_ok=True)
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("LIVYD_", "XDG_", "PYSPARK_")) and key.lower() not in
                ("http_proxy", "https_proxy", "all_proxy")}
        self.environment = {**kept, "HOME": self.folder, "LIVYD_PYTHON": python,
                            "XDG_STATE_HOME": os.path.join(self.folder, "state"),
                            "XDG_CONFIG_HOME": os.path.join(self.folder, "config")}

    def begin(self, *arguments, stdin=subprocess.DEVNULL, **environment):
        return subprocess.Popen([self.binary, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, cwd=self.work,
                                env={**self.environment, **environment})

    def run(self, *arguments, given=None, seconds=PATIENCE_SECONDS, **environment):
        """Runs the program to its end and returns it with `out` and `err` as text."""
        process = self.begin(*arguments, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                             **environment)
        try:
            out, err = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{arguments} hung for {seconds} s: {out[-500:]!r} {err[-1000:]!r}")
        return Ended(process.returncode, out, err)

    def write(self, name, content):
        path = os.path.join(self.work, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def daemon(self, *arguments):
        return Daemon([self.binary, *(arguments or ("serve", "--stdio"))], self.environment, self.work)

    def processes(self):
        """The pids of every process that was started with this home: endpoints and their workers."""
        marker = ("XDG_STATE_HOME=" + self.environment["XDG_STATE_HOME"]).encode()
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as environ:
                    if marker in environ.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                pass
        return found

    def close(self):
        """Ends the detached endpoint of this home and what belongs to it, by pid."""
        for wish in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.processes():
                try:
                    os.kill(pid, wish)
                except ProcessLookupError:
                    pass
            until = time.monotonic() + 10
            while self.processes() and time.monotonic() < until:
                time.sleep(0.02)


class Ended:
    def __init__(self, code, out, err):
        self.code = code
        self.out, self.err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out[-2000:]}\n--- err\n{self.err[-3000:]}"
