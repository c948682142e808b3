"""The release binary over a real PySpark, with state of its own that is removed afterwards."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from backends.kdc import Kdc
from backends.livy import Livy

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Livyd:
    """Runs the command line with its own state folder; remembers nothing else."""

    def __init__(self, binary, home):
        self.binary = binary
        self.home = home
        self.environment = {
            **os.environ,
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "LIVYD_PYTHON": sys.executable,
        }

    def run(self, *arguments, deadline=180):
        return subprocess.run(
            [self.binary, *map(str, arguments)], cwd=self.home, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=deadline, check=False)

    def endpoint_processes(self):
        """The embedded endpoints that were started with this state folder."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            ours = f"XDG_STATE_HOME={self.home / 'state'}".encode() in environment.split(b"\0")
            if ours and words[1:2] == [b"local"]:
                found.append(int(folder.name))
        return found

    def close(self):
        """Ends the endpoint, which ends its sessions; waits until it is gone."""
        for process in self.endpoint_processes():
            os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while self.endpoint_processes():
            assert time.monotonic() < deadline, "the embedded endpoint does not end"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def livyd(tmp_path_factory):
    binary = os.environ.get("LIVYD_BINARY", str(ROOT / "build" / "release" / "livyd"))
    assert os.access(binary, os.X_OK), f"{binary} is missing. Run scripts/build release."
    home = tmp_path_factory.mktemp("livyd")
    client = Livyd(binary, home)
    yield client
    client.close()



# ------------------------------------------------------------ the real back ends, each started when it is asked for


@pytest.fixture(scope="session")
def kdc(tmp_path_factory):
    part = Kdc(tmp_path_factory.mktemp("kdc"))
    yield part
    part.close()


@pytest.fixture(scope="session")
def livy_kerberos(tmp_path_factory, kdc):
    """Livy 0.7.1 with hadoop-auth and CSRF protection."""
    part = Livy(tmp_path_factory.mktemp("livy-kerberos"), kdc)
    yield part
    part.close()


@pytest.fixture(scope="session")
def livy_plain(tmp_path_factory):
    """Livy 0.7.1 that knows everybody."""
    part = Livy(tmp_path_factory.mktemp("livy-plain"))
    yield part
    part.close()
