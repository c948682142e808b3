"""Measures how the daemon deploys: bytes to and from a real HDFS beside curl, what a big file costs in memory,
and how soon an edited module is live. The HDFS is that of tests/stack, the session the embedded endpoint's."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "contract"), str(ROOT / "tests" / "stack")]
from backends.hdfs import Hdfs  # noqa: E402
from conversation.command_line import Home  # noqa: E402

MEGABYTES = int(os.environ.get("LIVYD_BENCH_MEGABYTES", 400))
ROUNDS = 5
PATIENCE = 600  # seconds
MODULES = 300
FILLER = "\n".join(f"def f{n}(x):\n    return x + {n}  # {'.' * 120}" for n in range(100))
EDITS = 10


def opened(home, profiles, **configuration):
    daemon = home.daemon()
    daemon.initialize(f"{home.folder}/window", profiles, **configuration)
    return daemon


# ---------------------------------------------------------------- bytes

class Transfers:
    """One file of random bytes, sent and fetched by curl and by the daemon."""

    def __init__(self, folder, hdfs, daemon):
        self.folder, self.daemon = folder, daemon
        self.root = f"{hdfs.direct_url}/webhdfs/v1/user/alice"
        self.file, self.back = f"{folder}/sent", f"{folder}/back"
        with open(self.file, "wb") as out:
            for _ in range(MEGABYTES):
                out.write(os.urandom(10**6))

    def curl(self, *words):
        return subprocess.run(["curl", "-sSf", *words], check=True, capture_output=True, text=True).stdout

    def curl_upload(self):
        to = self.curl("-X", "PUT", "-o", "/dev/null", "-w", "%{redirect_url}",
                       f"{self.root}/by-curl?op=CREATE&overwrite=true&user.name=alice")
        self.curl("-T", self.file, to)

    def curl_download(self):
        self.curl("-L", "-o", self.back, f"{self.root}/by-curl?op=OPEN&user.name=alice")

    def upload(self):
        self.transfer("hdfs/upload", self.file)

    def download(self):
        self.transfer("hdfs/download", self.back)

    def transfer(self, method, file):
        self.daemon.ask(method, {"profile": "cluster", "path": "by-livyd", "file": file, "overwrite": True}, PATIENCE)

    def seconds(self, work):
        """How long it took. What is still to be written to the disk is not part of it."""
        if os.path.exists(self.back):
            os.remove(self.back)
        os.sync()
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    def verify(self):
        subprocess.run(["cmp", self.file, self.back], check=True)


def beside_curl(name, ours, theirs):
    """The rounds of both took turns, so each ratio is of neighbours on the same busy or idle machine."""
    speed, floor = (MEGABYTES / statistics.median(times) for times in (ours, theirs))
    ratio = statistics.median(other / own for own, other in zip(ours, theirs))
    return (f"{name} of {MEGABYTES} MB", f"{speed:.0f} MB/s", "90 % of curl",
            f"{ratio:.0%} of curl ({floor:.0f} MB/s)")


def measure_transfers(binary, folder):
    hdfs = Hdfs(pathlib.Path(folder) / "hdfs")
    home = Home(f"{folder}/home", sys.executable, str(binary))
    home.environment["HADOOP_USER_NAME"] = "alice"
    try:
        daemon = opened(home, {"cluster": {"url": "http://127.0.0.1:1",
                                                   "webhdfs": hdfs.direct_url + "/webhdfs/v1"}})
        work = Transfers(folder, hdfs, daemon)
        ways = {"upload": (work.upload, work.curl_upload), "download": (work.download, work.curl_download)}
        for name, both in ways.items():
            for one in both:
                one()  # the JVM learns
            rounds = [[work.seconds(one) for one in both] for _ in range(ROUNDS)]
            yield beside_curl(name, *zip(*rounds))
        work.download()
        work.verify()
        yield "… peak memory of the daemon", f"{daemon.peak_memory_kib() / 1000:.1f} MB", "64 MB", ""
        daemon.close()
    finally:
        home.close()
        hdfs.close()


# ---------------------------------------------------------------- from an edit to its effect

class Project:
    """A package of 300 modules, 5 MB; each tenth stands alone, the others need the one before."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "modules" / "large"
        self.folder.mkdir(parents=True)
        (self.folder / "__init__.py").write_text("")
        for number in range(MODULES):
            before = f"from .m{number - 1:03d} import VALUE" if number % 10 else "VALUE = 1"
            self.edit(number, before)

    def edit(self, number, first_line):
        (self.folder / f"m{number:03d}.py").write_text(f"{first_line}\n{FILLER}\n")


def printed(daemon, code):
    run = daemon.start("local", code)
    daemon.finished(run, PATIENCE)
    return daemon.text(run).strip()


def edit_times(daemon, project, module):
    """From the saved file to the reload's answer, and to the end of the run that prints the new value, in ms."""
    times = []
    for value in range(100, 100 + EDITS):
        project.edit(module, f"VALUE = {value}")
        begun = time.perf_counter()
        said = daemon.ask("module/reload", {"profile": "local", "modules": [], "push": False}, PATIENCE)
        reloaded = time.perf_counter()
        if (text := printed(daemon, f"print(large.m{module:03d}.VALUE)")) != str(value):
            raise SystemExit(f"the run after the reload printed {text!r}, not {value}: {said}")
        times.append(((reloaded - begun) * 1000, (time.perf_counter() - begun) * 1000, len(said["reloaded"])))
    return times


def measure_edits(binary, folder):
    python = os.environ.get("LIVYD_PYTHON") or sys.executable
    home = Home(f"{folder}/edits", python, str(binary))
    project = Project(home.work)
    imports = "; ".join(f"import large.m{number:03d}" for number in range(MODULES))
    try:
        daemon = opened(home, {"local": {"deploy": {}}}, workspaceFolder=home.work)
        if (text := printed(daemon, f"{imports}; print(len(spark.range(3).collect()))")) != "3":
            raise SystemExit(f"the session is not as it should be: {text}")
        for module, words in ((0, "a module that nine others need"), (9, "a module that nobody needs")):
            times = edit_times(daemon, project, module)
            reload, effect = (statistics.median(row[at] for row in times) for at in (0, 1))
            yield (f"from an edit to its effect, {words}",
                   f"{effect:.0f} ms (max {max(row[1] for row in times):.0f})", "1 s",
                   f"the reload {reload:.0f} ms, {times[0][2]} of {MODULES} modules loaded again")
        daemon.close()
    finally:
        home.close()


def measure(binary):
    with tempfile.TemporaryDirectory(prefix="livyd-bench-", ignore_cleanup_errors=True) as folder:
        yield from measure_edits(binary, folder)
        yield from measure_transfers(binary, folder)
