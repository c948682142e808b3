"""A small JSON-RPC client of `livyd serve --stdio`: Content-Length framing, replies, notifications."""

import json
import os
import re
import subprocess
import threading
import time
import uuid

from .server import PROJECT, end

PATIENCE_SECONDS = 60
GLANCE_SECONDS = 0.05


def protocol_hash():
    """The hash the extension is built with."""
    with open(os.path.join(PROJECT, "protocol", "hash.ts"), encoding="utf-8") as text:
        return re.search(r'"([0-9a-f]{8,})"', text.read())[1]


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


class Daemon:
    """One `livyd serve --stdio`; a thread reads what it says."""

    def __init__(self, command, environment, folder):
        self.errors = open(os.path.join(folder, "serve.err"), "w+b")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=environment, cwd=folder)
        self.said = threading.Condition()
        self.replies, self.notifications, self.broken, self.ended = {}, [], None, False
        self.last = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            while True:
                length = None
                while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
                    name, _, value = line.decode().partition(":")
                    assert name in ("Content-Length", "Content-Type"), f"not a header: {line!r}"
                    if name == "Content-Length":
                        length = int(value)
                if not line:
                    break
                self.take(json.loads(self.process.stdout.read(length)))
        except Exception as problem:
            self.broken = problem
        with self.said:
            self.ended = True
            self.said.notify_all()

    def take(self, message):
        with self.said:
            if "method" in message:
                self.notifications.append(message)
            else:
                assert message["id"] not in self.replies, f"a second reply to {message['id']}"
                self.replies[message["id"]] = message
            self.said.notify_all()

    def send_bytes(self, raw):
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def wait(self, look, what, seconds=PATIENCE_SECONDS):
        """Until `look` sees something, in what the daemon says or elsewhere in the world."""
        until = time.monotonic() + seconds
        with self.said:
            while not (found := look()):
                left = until - time.monotonic()
                assert left > 0, f"waited {seconds} s in vain for {what}"
                assert not self.ended, f"the daemon ended ({self.broken}) before {what}: {self.stderr()}"
                self.said.wait(min(left, GLANCE_SECONDS))
            return found

    def stderr(self):
        self.errors.flush()
        with open(self.errors.name, errors="replace") as text:
            said = text.read()
        # A sanitizer's report says what happened in its first lines.
        report = said.find("==ERROR: ")
        return said[report:report + 4000] if report >= 0 else said[-2000:]

    def begin(self, method, params):
        self.last += 1
        self.send({"id": self.last, "method": method, "params": params})
        return self.last

    def reply(self, id, seconds=PATIENCE_SECONDS):
        message = self.wait(lambda: self.replies.get(id), f"the reply to {id}", seconds)
        if "error" in message:
            raise RpcError(message["error"])
        return message["result"]

    def ask(self, method, params, seconds=PATIENCE_SECONDS):
        return self.reply(self.begin(method, params), seconds)

    def initialize(self, state_folder, profiles=None, **more):
        return self.ask("initialize", {
            "protocolHash": protocol_hash(), "client": "contract tests",
            "stateFolder": str(state_folder),
            "configuration": {"trusted": True, "profiles": profiles or {}, **more}})

    def start(self, profile, code, run=None, **more):
        run = run or str(uuid.uuid4())
        self.ask("run/start", {"run": run, "profile": profile, "language": "python", "code": code, **more})
        return run

    def events(self, method, run):
        with self.said:
            return [one["params"] for one in self.notifications
                    if one["method"] == method and one["params"].get("run") == run]

    def finished(self, run, seconds=PATIENCE_SECONDS):
        def look():
            return next((one["params"] for one in self.notifications if one["method"] == "run/finished"
                         and one["params"]["run"] == run), None)

        return self.wait(look, f"run {run} to finish", seconds)

    def text(self, run):
        """The run's output as its events say it, joined by their offsets."""
        pieces, length = [], 0
        for piece in self.events("run/output", run):
            assert piece["offset"] == length, "a gap or an overlap"
            pieces.append(piece["text"])
            length += len(piece["text"].encode())
        return "".join(pieces)

    def peak_memory_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])

    def close_input(self, seconds=10):
        """EOF; returns the exit code."""
        self.process.stdin.close()
        return self.process.wait(seconds)

    def close(self):
        code = end(self.process)
        self.errors.close()
        return code
