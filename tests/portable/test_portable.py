"""What is shipped runs on glibc 2.28 and newer: build/portable/<target>/livyd, made by scripts/portable/build."""
import os
import pathlib
import re
import shutil
import sys

import old_system
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "contract"))
from conversation import fake_livy  # noqa: E402
from conversation.command_line import Home  # noqa: E402
from conversation.fake_livy import FakeLivy  # noqa: E402

TARGETS = ["linux-x64"] + (["linux-arm64"] if os.environ.get("LIVYD_TEST_ARM64") else [])
MACHINES = {"linux-x64": "X86-64", "linux-arm64": "AArch64"}
# All of them are parts of glibc.
ALLOWED = r"lib(c|m|dl|rt|pthread|resolv|util)\.so\.\d|ld-linux[-a-z0-9_]*\.so\.\d"
NEWEST = (2, 28)
LIMIT = 12_000_000
EMULATED_SECONDS = 120


def program(target):
    path = ROOT / "build" / "portable" / target / "livyd"
    assert path.exists(), f"{path} is missing: run scripts/portable/build {target}"
    return path


def readelf(target, *options):
    return old_system.call("readelf", "-W", *options, program(target), env={**os.environ, "LC_ALL": "C"})


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_for_its_machine_and_small(target):
    assert re.search(rf"Machine:.*{MACHINES[target]}", readelf(target, "-h"))
    assert program(target).stat().st_size < LIMIT


@pytest.mark.parametrize("target", TARGETS)
def test_it_needs_symbols_of_glibc_2_28_at_most(target):
    needed = set(re.findall(r"Name: (\w+_[\d.]+)", readelf(target, "--version-info")))
    assert "GLIBC_2.17" in needed or "GLIBC_2.2.5" in needed, "readelf was understood"
    versions = {name: tuple(map(int, name.split("_")[-1].split("."))) for name in needed}
    assert {name for name in needed if not name.startswith("GLIBC_") or versions[name] > NEWEST} == set()


@pytest.mark.parametrize("target", TARGETS)
def test_it_needs_no_library_but_those_of_glibc(target):
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf(target, "--dynamic"))
    assert any(name.startswith("libc.so") for name in needed)
    assert [name for name in needed if not re.fullmatch(ALLOWED, name)] == []


@pytest.fixture(scope="module")
def moved_program(tmp_path_factory):
    return old_system.moved(program("linux-x64"), "linux-x64", tmp_path_factory.mktemp("old") / "livyd")


@pytest.fixture
def old_home(tmp_path, moved_program):
    """A home of the program on the older system's C library; Python is this machine's."""
    home = Home(tmp_path / "home", os.environ.get("LIVYD_PYTHON") or sys.executable, moved_program)
    yield home
    home.close()


def test_the_unchanged_program_starts_by_the_older_loader():
    libraries = old_system.system("linux-x64") / "lib" / "x86_64-linux-gnu"
    said = old_system.call(libraries / "ld-linux-x86-64.so.2", "--library-path", libraries,
                           program("linux-x64"), "--version")
    assert re.match(r"livyd \d+\.\d+", said)


def test_it_answers_and_runs_a_cell_on_the_older_c_library(old_home, tmp_path):
    daemon = old_home.daemon()
    daemon.initialize(tmp_path / "state", {"here": {"url": "local"}})
    maps = pathlib.Path(f"/proc/{daemon.process.pid}/maps").read_text()
    libraries = {line.split()[-1] for line in maps.splitlines() if re.search(r"/libc[-.]", line)}
    assert len(libraries) == 1 and str(old_system.system("linux-x64")) in libraries.pop()
    run = daemon.start("here", "print(6 * 7)")
    assert daemon.finished(run, 240)["result"]["outcome"] == "ok"
    assert daemon.text(run).strip() == "42"
    daemon.close()


def test_it_looks_names_up_on_the_older_c_library(old_home):
    """The C library loads parts of itself for that, by name."""
    asked = old_home.run("sessions", "--url", "http://no-such-host.invalid:1")
    assert asked.code != 0 and "no-such-host.invalid" in asked.err, asked


def test_it_packs_a_project_on_the_older_c_library(old_home, tmp_path):
    (tmp_path / "home" / "work" / "modules" / "sums").mkdir(parents=True)
    old_home.write("modules/sums/__init__.py", "def twice(number):\n    return 2 * number\n")
    old_home.write("job.py", "import sums\nprint(sums.twice(21))\n")
    packed = old_home.run("standalone", "-o", str(tmp_path / "packed.py"), "job.py")
    assert packed.code == 0, packed
    assert old_system.call(sys.executable, tmp_path / "packed.py", cwd=tmp_path).strip() == "42"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signed itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = str(folder / "certificate.pem"), str(folder / "key.pem")
    old_system.call("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1])
    return paths


@pytest.fixture
def livy(certificate):
    livy = FakeLivy(fake_livy.Answers(lambda code: fake_livy.ok("over TLS")), certificate)
    yield livy
    livy.close()


@pytest.mark.skipif("linux-arm64" not in TARGETS, reason="LIVYD_TEST_ARM64 is not set")
class TestArm64:
    """Emulated, on the older C library of its own processor."""

    @pytest.fixture
    def root(self, tmp_path, certificate):
        """What the emulated program takes for /: a Debian that trusts the certificate. Whatever it lacks is looked
        for on this machine, so that on a Debian it can be nothing else."""
        root = tmp_path / "root"
        trusted = root / "etc" / "ssl" / "certs"
        trusted.mkdir(parents=True)
        shutil.copy(certificate[0], trusted / "ca-certificates.crt")
        (root / "lib").symlink_to(old_system.system("linux-arm64") / "lib")
        return root

    @pytest.fixture
    def home(self, tmp_path, root):
        """Its program is a script: the emulator is told where the libraries are."""
        script = tmp_path / "livyd"
        script.write_text(f'#!/bin/sh\nexec {old_system.emulator()} -L {root} {program("linux-arm64")} "$@"\n')
        script.chmod(0o755)
        home = Home(tmp_path / "home", sys.executable, str(script))
        yield home
        home.close()

    def test_it_starts(self, home):
        assert re.match(r"livyd \d+\.\d+", home.run("--version", seconds=EMULATED_SECONDS).out)

    def test_it_serves(self, home, tmp_path):
        daemon = home.daemon()
        daemon.initialize(tmp_path / "state")
        daemon.close()

    def test_it_speaks_https_with_a_server_that_the_machine_trusts(self, home, livy):
        ended = home.run("run", "--url", livy.url, "-c", "1", seconds=EMULATED_SECONDS)
        assert ended.code == 0 and "over TLS" in ended.out, ended

    def test_it_refuses_a_certificate_for_another_name(self, home, livy):
        ended = home.run("run", "--url", livy.url.replace("127.0.0.1", "localhost"), "-c", "1",
                         seconds=EMULATED_SECONDS)
        assert ended.code != 0 and "localhost" in ended.err and "certificate" in ended.err, ended
