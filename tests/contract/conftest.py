"""The servers, Pythons and sessions that the contract is held against."""

import os
import subprocess
import sys

import pytest

from conversation.command_line import Home
from conversation.drill import Place
from conversation.fake_livy import FakeLivy
from conversation.server import LIVY_URL, SERVERS, EmbeddedServer, ForeignServer
from fault_proxy import FaultProxy

EMBEDDED = [mode for mode in SERVERS if mode != "real"]
DRILLED = ["strict"] + (["real"] if LIVY_URL else [])


def pytest_configure(config):
    config.addinivalue_line("markers", "drill: takes long; scripts/test runs it with one build only")


@pytest.fixture(scope="session")
def spark_python():
    """A Python with PySpark: $LIVYD_PYTHON, or the one that runs the tests."""
    return os.environ.get("LIVYD_PYTHON") or sys.executable


@pytest.fixture(scope="session")
def plain_python(tmp_path_factory):
    """A Python without PySpark, without anything."""
    folder = tmp_path_factory.mktemp("plain-python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    return str(folder / "bin" / "python")


@pytest.fixture(scope="session")
def spark_server(request, tmp_path_factory, spark_python):
    """Parametrize indirectly with a mode: a server whose sessions have Spark."""
    if request.param == "real":
        server = ForeignServer(LIVY_URL)
    else:
        more = ["--strict"] if request.param == "strict" else []
        server = EmbeddedServer(str(tmp_path_factory.mktemp("spark-" + request.param)), spark_python, *more)
    yield server
    server.close()


@pytest.fixture(scope="session", params=SERVERS)
def server(request, tmp_path_factory, plain_python):
    """Each server in turn. The sessions of ours have no Spark: they start at once."""
    if request.param == "real":
        server = ForeignServer(LIVY_URL)
    else:
        more = ["--strict"] if request.param == "strict" else []
        server = EmbeddedServer(str(tmp_path_factory.mktemp(request.param)), plain_python, *more)
    yield server
    server.close()


@pytest.fixture(scope="session")
def session(server):
    """One session that many tests share; they leave it idle."""
    session = server.client.create().wait_idle()
    yield session
    session.delete()


@pytest.fixture
def own_session(server):
    """A session that the test may break."""
    session = server.client.create().wait_idle()
    yield session
    session.delete()


@pytest.fixture(scope="session", params=DRILLED)
def drilled_server(request, tmp_path_factory, plain_python):
    """What the drills run against: as bad as a real Livy, and a real one when there is one."""
    if request.param == "real":
        server = ForeignServer(LIVY_URL)
    else:
        server = EmbeddedServer(str(tmp_path_factory.mktemp("drilled")), plain_python, "--strict")
    yield server
    server.close()


@pytest.fixture
def livy_behind_doors(drilled_server, plain_python):
    """A server behind a network that fails on purpose, and the windows that use it."""
    place = Place(drilled_server, FaultProxy(), plain_python)
    yield place
    place.close()


@pytest.fixture
def embedded(tmp_path, plain_python):
    """A `livyd local` for one test, without Spark."""
    server = EmbeddedServer(str(tmp_path), plain_python)
    yield server
    server.close()


@pytest.fixture
def home(tmp_path, plain_python):
    """A home folder of its own for the program."""
    home = Home(tmp_path / "home", plain_python)
    yield home
    home.close()


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory, plain_python):
    """A home whose endpoint and session a module's tests share."""
    home = Home(tmp_path_factory.mktemp("home"), plain_python)
    yield home
    home.close()


@pytest.fixture
def fake_livy():
    """Makes misbehaving servers and ends them."""
    made = []

    def make(*arguments, **more):
        made.append(FakeLivy(*arguments, **more))
        return made[-1]

    yield make
    for livy in made:
        livy.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate that nobody trusts, for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = str(folder / "certificate.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout",
                    paths[1]], check=True, capture_output=True, timeout=60)
    return paths
