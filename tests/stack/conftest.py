"""The shipped program over a real PySpark, with state of its own that is removed afterwards."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from backends.endpoint import Endpoint
from backends.hdfs import Hdfs
from backends.httpd import Gateway
from backends.kdc import Kdc
from backends.knox import KerberisedKnox, Knox
from backends.livy import Livy
from backends.proxies import Proxies
from backends.tls import Authority
from desk import Desk

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
def binary():
    path = os.environ.get("LIVYD_BINARY", str(ROOT / "build" / "release" / "livyd"))
    assert os.access(path, os.X_OK), f"{path} is missing. Run scripts/build release."
    return path


@pytest.fixture(scope="session")
def livyd(tmp_path_factory, binary):
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


@pytest.fixture(scope="session")
def livy_hdfs(tmp_path_factory, hdfs):
    """Livy 0.7.1 whose paths are those of HDFS, as on a cluster."""
    part = Livy(tmp_path_factory.mktemp("livy-hdfs"), filesystem=hdfs.filesystem)
    yield part
    part.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Issues certificates that only its own `ca` file makes trusted."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def hdfs(tmp_path_factory):
    """Believes whatever `user.name` says."""
    part = Hdfs(tmp_path_factory.mktemp("hdfs"))
    yield part
    part.close()


@pytest.fixture(scope="session")
def hdfs_kerberos(tmp_path_factory, kdc):
    part = Hdfs(tmp_path_factory.mktemp("hdfs-kerberos"), kdc)
    yield part
    part.close()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    """The embedded endpoint behind the gateways. Its sessions have no Spark: they start at once."""
    python = tmp_path_factory.mktemp("plain-python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(python)], check=True, timeout=60)
    part = Endpoint(tmp_path_factory.mktemp("endpoint"), str(python / "bin" / "python"))
    yield part
    part.close()


@pytest.fixture(scope="session")
def knox(tmp_path_factory, kdc, authority, endpoint, hdfs):
    part = Knox(tmp_path_factory.mktemp("knox"), kdc, authority, endpoint.url, hdfs)
    yield part
    part.close()


@pytest.fixture(scope="session")
def knox_kerberised(tmp_path_factory, kdc, authority, livy_kerberos, hdfs_kerberos):
    """A Knox that itself needs Kerberos towards what is behind it."""
    folder = tmp_path_factory.mktemp("knox-kerberised")
    part = KerberisedKnox(folder, kdc, authority, livy_kerberos.url, hdfs_kerberos)
    yield part
    part.close()


@pytest.fixture(scope="session")
def gateway(kdc, authority, endpoint, hdfs):
    """httpd with mod_auth_gssapi, and TLS in several states."""
    part = Gateway(kdc, authority, endpoint, hdfs)
    yield part
    part.close()


@pytest.fixture(scope="session")
def proxies(tmp_path_factory, kdc):
    part = Proxies(tmp_path_factory.mktemp("proxies"), kdc)
    yield part
    part.close()


# ------------------------------------------------------------ livyd against them


class Rig:
    """The back ends as attributes, each started when it is first asked for; and the secrets that are used."""

    def __init__(self, request, folder, confidential):
        self._request, self.folder, self._confidential = request, folder, confidential

    def __getattr__(self, name):
        part = self._request.getfixturevalue(name)
        self._confidential[name] = part
        return part

    def secret(self, value):
        """Returns the value, after noting that it must be found nowhere."""
        self._confidential["given"].add(value)
        return value

    def kerberos(self, ccache=None, **more):
        """The variables that lead a process to the KDC and a ticket; without a ccache to no ticket."""
        names = ("KRB5_CONFIG", "KRB5CCNAME")
        return {**{name: self.kdc.environment(ccache)[name] for name in names}, **more}

    def ticket(self, lifetime="10h"):
        return self.kerberos(self.kdc.kinit("alice", lifetime))


@pytest.fixture(scope="session")
def confidential():
    """The parts of the rig that were used, by name, and as `given` what tests gave livyd in confidence."""
    return {"given": set()}


@pytest.fixture
def rig(request, tmp_path, confidential):
    return Rig(request, tmp_path, confidential)


@pytest.fixture(scope="session")
def desks(tmp_path_factory):
    """The folders of all desks: what livyd wrote, said and showed."""
    return tmp_path_factory.mktemp("desks")


@pytest.fixture
def desk(desks, binary):
    folder = desks / f"desk-{len(list(desks.iterdir())) + 1}"
    folder.mkdir()
    one = Desk(binary, folder)
    yield one
    one.close()


def pytest_configure(config):
    config.addinivalue_line("markers", "last: looks at what all other tests left behind")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_terminal_summary(terminalreporter):
    """The matrix: each way to a Livy, and whether it leads there."""
    rows = [(outcome, *value) for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])
            for name, value in getattr(report, "user_properties", []) if name == "reach"]
    if rows:
        terminalreporter.write_sep("-", "reach")
        for outcome, row, found in rows:
            terminalreporter.write_line(f"{'✓' if outcome == 'passed' else '✗'} {row:36} {found}")
