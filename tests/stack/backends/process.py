"""One process of the rig: its folder, its log, its pid file, awaited until it answers, ended by its pid."""
import http.client
import os
import pathlib
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

_handed_out = set()


class NotReady(AssertionError):
    """A part of the rig did not come up; the message ends with the end of its log."""


def free_port():
    """A free port of the loopback below the range that outgoing connections take theirs from."""
    while True:
        port = random.randrange(20000, 32000)
        if port in _handed_out:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port


def program(name, package):
    """The path of an installed program, also of those that only root has on the PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
    assert found, f"{name} is missing. Run scripts/setup stack, or install the package {package}."
    return found


def run(command, environment=None, text=None, seconds=60):
    """Runs a command to its end and returns its standard output; a failure shows all that it said."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, input=text, capture_output=True, text=True,
        timeout=seconds, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def status_of(url, seconds=10):
    """The status of a GET without credentials, 0 when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=seconds) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except (OSError, http.client.HTTPException):
        return 0


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A daemon in the foreground. It ends with us, even when we are killed."""

    def __init__(self, name, folder, command, environment=None):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{name}.log"
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [program("setpriv", "util-linux"), "--pdeathsig", "TERM", *map(str, command)],
                cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        (self.folder / f"{name}.pid").write_text(f"{self.pid}\n")

    @property
    def pid(self):
        return self._process.pid

    def await_ready(self, probe, seconds):
        """Asks `probe` until it says yes; NotReady when the process ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not probe():
            if self._process.poll() is not None:
                raise NotReady(f"{self.name} ended with {self._process.returncode}.\n{self.log_end()}")
            if time.monotonic() > deadline:
                self.stop()
                raise NotReady(f"{self.name} is not ready after {seconds} s.\n{self.log_end()}")
            time.sleep(0.05)
        return self

    def log_end(self, lines=30):
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return f"The end of {self.log}:\n" + "\n".join(line[:300] for line in text)

    def stop(self, seconds=20):
        """SIGTERM, SIGKILL when that does not help."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        (self.folder / f"{self.name}.pid").unlink(missing_ok=True)

    def resident_bytes(self):
        """What the process itself holds in memory now."""
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
