"""Starts and ends the server under test: `livyd local`, or a Livy somebody else runs."""

import glob
import json
import os
import selectors
import signal
import subprocess
import time

from .client import Client

LIVY_URL = os.environ.get("LIVYD_TEST_LIVY_URL")
# What a test of the REST interface is parametrised with.
SERVERS = ["default", "strict"] + (["real"] if LIVY_URL else [])
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def livyd_binary():
    """$LIVYD_BINARY, or the newest of build/*/livyd."""
    given = os.environ.get("LIVYD_BINARY")
    if given:
        return os.path.abspath(given)
    built = glob.glob(os.path.join(PROJECT, "build", "*", "livyd"))
    assert built, "there is no build/*/livyd: run scripts/test, or set LIVYD_BINARY"
    return max(built, key=os.path.getmtime)


def first_line(process, seconds=20):
    """The first line of a process's standard output, read without waiting for more."""
    until = time.monotonic() + seconds
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            left = until - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise AssertionError(f"no first line within {seconds} s, only {line!r}")
            piece = os.read(process.stdout.fileno(), 1)
            if not piece:
                raise AssertionError(f"ended ({process.wait()}) after {line!r}")
            line += piece
    return line.decode()


def end(process, seconds=20):
    """SIGTERM, and SIGKILL when that does not help. Returns the exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
    return process.returncode


class EmbeddedServer:
    """A `livyd local` of our own. `python` is the interpreter of its sessions."""

    foreign = False

    def __init__(self, folder, python, *arguments):
        self.strict = "--strict" in arguments
        self.mode = "strict" if self.strict else "default"
        self.folder = folder
        self.log_path = os.path.join(folder, "endpoint.log")
        environment = dict(os.environ, LIVYD_PYTHON=python, PYSPARK_PYTHON=python)
        environment["XDG_STATE_HOME"] = os.path.join(folder, "state")
        environment["SPARK_LOCAL_IP"] = "127.0.0.1"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [livyd_binary(), "local", *arguments], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, env=environment, cwd=folder)
        self.first_line = first_line(self.process)
        address = json.loads(self.first_line)
        self.url, self.token = address["url"], address["token"]
        self.client = Client(self.url, self.token)

    def close(self):
        self.client.close()
        return end(self.process)


class ForeignServer:
    """The Livy of $LIVYD_TEST_LIVY_URL; $LIVYD_TEST_LIVY_TOKEN is sent as Bearer when it is set."""

    foreign = True
    strict = True
    mode = "real"

    def __init__(self, url):
        self.url, self.token = url, os.environ.get("LIVYD_TEST_LIVY_TOKEN")
        self.client = Client(url, self.token)

    def close(self):
        self.client.close()
