"""Measures what Kerberos costs those who do not use it: the daemon's start and idle memory without a
profile, with one that names it, and where its library is not installed (hidden in a mount namespace).
The three take turns, so that a busy machine is busy for all of them."""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

RUN = pathlib.Path(__file__).with_name("run")
ROUNDS = 40
UNUSED = {"k": {"url": "https://gateway.invalid:8443/livy", "auth": {"type": "kerberos"}}}
HIDE = 'for library in $LIVYD_HIDDEN; do mount --bind /dev/null "$library" || exit 1; done; exec "$@"'


def libraries():
    known = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True,
                           env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin"}).stdout
    return sorted({os.path.realpath(path) for path in re.findall(r"=> (\S*/lib(?:gssapi|krb5)\S*)", known)})


class Starter:
    """A process that starts the daemon when it is told to; it may live where libraries are hidden."""

    def __init__(self, profiles, hidden=()):
        root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self.process = subprocess.Popen(
            ["unshare", *root, "--mount", "sh", "-c", HIDE, "sh", sys.executable, RUN, "--starts", json.dumps(profiles)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "LIVYD_HIDDEN": " ".join(hidden)})

    def start(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        if not (line := self.process.stdout.readline()):
            raise SystemExit("bench: unshare --mount is needed to hide the libraries of Kerberos, and failed")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def serve(start):
    """The other side of Starter."""
    for _ in sys.stdin:
        print(json.dumps(start()), flush=True)


def measure():
    starters = {"without": Starter({}), "named": Starter(UNUSED), "hidden": Starter(UNUSED, libraries())}
    rounds = {name: [] for name in starters}
    for _ in range(ROUNDS):
        for name, starter in starters.items():
            rounds[name].append(starter.start())
    for starter in starters.values():
        starter.close()
    times, memories = ({name: statistics.median(row[field] for row in rows) for name, rows in rounds.items()}
                       for field in (0, 1))
    loaded = max(row[2] for rows in rounds.values() for row in rows)
    for name, words in (("named", "Kerberos in a profile, unused"), ("hidden", "… and its library not installed")):
        yield (f"start, {words}", f"{times[name]:.1f} ms", "1.1 ×",
               f"{times[name] / times['without']:.2f} × no profile ({times['without']:.1f} ms)")
        yield (f"idle memory, {words}", f"{memories[name] / 1000:.1f} MB", "1.1 ×",
               f"{memories[name] / memories['without']:.2f} × no profile; {loaded} libraries of Kerberos loaded")
