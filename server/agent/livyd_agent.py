"""livyd's agent: repairs, from inside a Livy PySpark session, what its shell does not do.

It takes over how the shell executes marked requests: the code is compiled under its real file and
lines, its output is kept as one append-only record that can be read while it runs, it can be
interrupted by name, and a run that was withdrawn does not start. Unmarked requests go to the shell.
Everything here is guarded: whatever fails, the session stays usable. Standard library only,
Python 3.8 to 3.13; installed by eval'ing this file's code with NONCE and DAEMON_API in its globals.
"""
import ast
import builtins
import codecs
import collections
import io
import json
import linecache
import os
import re
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
import urllib.parse

API = 1
SEGMENT = 1 << 20  # bytes of output kept in memory before they move to a file
RUN_LIMIT = 256 << 20  # bytes of one run that wait to be fetched
SESSION_LIMIT = 1 << 30
REPLY_LIMIT = 200000  # characters of output in a statement's own reply
IDS_KEPT = 1000
MARKER = re.compile(r"# livyd run=([0-9A-Za-z-]+)((?: [a-z]+=[^ \n]*)*)[ \r]*(?:\n|$)")


class Record(object):
    """The output of one run (or of the session between runs): UTF-8 bytes by offset."""

    def __init__(self, agent, name):
        self.agent = agent
        self.name = name
        self.memory = bytearray()
        self.files = collections.deque()  # (first offset, length, unlinked file)
        self.start = 0  # everything before has been released
        self.size = 0  # offset of the end
        self.dropped = 0
        self.ended = False

    def append(self, data):
        """Called under the agent's lock."""
        if self.size - self.start + len(data) > RUN_LIMIT or self.agent.kept > SESSION_LIMIT:
            self.dropped += len(data)
            return
        if self.dropped:
            self.tell_gap()
        self.memory += data
        self.size += len(data)
        self.agent.kept += len(data)
        if len(self.memory) >= SEGMENT:
            self.spill()

    def tell_gap(self):
        words = "\n[livyd: %d bytes were not kept here]\n" % self.dropped
        self.dropped = 0
        self.memory += words.encode()
        self.size += len(words)
        self.agent.kept += len(words)

    def spill(self):
        first = self.size - len(self.memory)
        spilled = tempfile.TemporaryFile(prefix="livyd-")
        spilled.write(self.memory)
        spilled.flush()
        self.files.append((first, len(self.memory), spilled))
        self.memory = bytearray()

    def read(self, offset, limit):
        offset = max(offset, self.start)
        out = bytearray()
        for first, length, spilled in self.files:
            at = offset + len(out)
            if len(out) < limit and at < first + length:
                spilled.seek(at - first)
                out += spilled.read(min(limit - len(out), first + length - at))
                spilled.seek(length)
        at = offset + len(out) - (self.size - len(self.memory))
        if len(out) < limit and at >= 0:
            out += self.memory[at : at + limit - len(out)]
        return bytes(out)

    def release(self, offset):
        """What was fetched needs not be kept: whole files only, memory when the run has ended."""
        while self.files and self.files[0][0] + self.files[0][1] <= offset:
            first, length, spilled = self.files.popleft()
            spilled.close()
            self.start = first + length
            self.agent.kept -= length


class Stream(io.TextIOBase):
    """What sys.stdout and sys.stderr are: writes to the record of the run that prints."""

    def __init__(self, agent, name, descriptor):
        self.agent = agent
        self.name = name
        self.descriptor = descriptor
        self.encoding_ = "utf-8"
        self.buffer = ByteStream(self)

    encoding = property(lambda self: self.encoding_)
    errors = property(lambda self: "backslashreplace")

    def writable(self):
        return True

    def write(self, text):
        if isinstance(text, (bytes, bytearray)):
            text = bytes(text).decode("utf-8", "replace")
        elif not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        self.write_bytes(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def write_bytes(self, data):
        if self.agent.pid != os.getpid():
            while data:  # a forked child: its descriptor leads back to the parent's record
                data = data[os.write(self.descriptor, data) :]
            return
        self.agent.put(data)

    def flush(self):
        pass

    def close(self):
        pass  # closing it must not reach the shell, nor the next cell

    def isatty(self):
        return False

    def fileno(self):
        return self.descriptor

    def getvalue(self):
        return ""  # the shell asks its own streams; a cell may ask ours


class ByteStream(io.RawIOBase):
    """sys.stdout.buffer."""

    def __init__(self, stream):
        self.stream = stream

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self.stream.write_bytes(data.decode("utf-8", "replace").encode("utf-8"))
        return len(data)

    def close(self):
        pass


class Agent(object):
    def __init__(self, shell, nonce):
        self.shell = shell
        self.nonce = nonce
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.kept = 0
        self.session = Record(self, "session")
        self.records = collections.OrderedDict()
        self.ran = collections.OrderedDict()
        self.refused = collections.OrderedDict()
        self.current = None  # the record of the run that executes now
        self.in_user_code = False
        self.interrupted = None  # the name of the run that shall be interrupted
        self.owner = {}  # thread ident -> the record it first printed to
        self.parts = []
        self.main = threading.main_thread().ident
        self.stdout = Stream(self, "<stdout>", 1)
        self.stderr = Stream(self, "<stderr>", 2)
        self.shell_streams = None
        self.original = None

    # ---------------------------------------------------------------- output

    def put(self, data):
        with self.lock:
            self.record_of_this_thread().append(data)
            self.changed.notify_all()

    def record_of_this_thread(self):
        if self.current is None:
            return self.session
        ident = threading.get_ident()
        if ident == self.main:
            return self.current
        owner = self.owner.setdefault(ident, self.current)
        return self.session if owner.ended else owner

    def copy_descriptor(self, source):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            data = os.read(source, 65536)
            text = decoder.decode(data, not data)
            with self.lock:
                if text:
                    record = self.current or self.session
                    record.append(text.encode("utf-8"))
                self.changed.notify_all()
            if not data:
                return

    def drain(self):
        """Waits until what children wrote to fd 1 and fd 2 is in the record; 0.2 s at most."""
        import fcntl
        import termios

        deadline = time.monotonic() + 0.2
        for source in self.pipes:
            while time.monotonic() < deadline:
                waiting = fcntl.ioctl(source, termios.FIONREAD, b"\0\0\0\0")
                if waiting == b"\0\0\0\0":
                    break
                time.sleep(0.001)
        time.sleep(0.001)
        with self.lock:
            pass

    # ---------------------------------------------------------------- execution

    def execute_request(self, content):
        try:
            code = content.get("code") or ""
            marked = MARKER.match(code)
        except Exception:
            marked = None
        if not marked:
            return self.as_shell(content)
        try:
            options = dict(word.split("=", 1) for word in marked.group(2).split())
            return self.execute_run(marked.group(1), options, code[marked.end() :])
        except Exception as error:  # a bug of ours must not end the session
            lines = traceback.format_exception(type(error), error, error.__traceback__)
            return self.error_reply("LivydAgentError", str(error), lines)

    def as_shell(self, content):
        ours = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.shell_streams
        try:
            return self.original(content)
        finally:
            self.shell_streams = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = ours

    def execute_run(self, name, options, code):
        with self.lock:
            if name in self.refused:
                return self.error_reply("LivydWithdrawn", "this run was withdrawn", [])
            if name in self.ran:
                return self.error_reply("LivydDuplicate", "this run has been executed already", [])
            self.remember(self.ran, name)
            record = Record(self, name)
            self.records[name] = record
            self.forget_old_records()
            self.current = record
            self.parts = []
        try:
            failure = self.guarded(name, options, code)
            self.drain()
        finally:
            with self.lock:
                if record.dropped:
                    record.tell_gap()
                record.ended = True
                self.current = None
                self.owner = {i: r for i, r in self.owner.items() if not r.ended}
                sys.stdout, sys.stderr = self.stdout, self.stderr
                self.changed.notify_all()
        return self.reply(record, failure)

    def guarded(self, name, options, code):
        """Runs user code; returns None or (type, value, traceback)."""
        sys.stdout, sys.stderr = self.stdout, self.stderr
        hook = sys.displayhook
        if hook is sys.__displayhook__:
            sys.displayhook = self.display
        self.take_signal()
        try:
            try:
                self.in_user_code = True
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
                self.run_code(name, options, code)
            finally:
                self.in_user_code = False
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        except BaseException:
            kind, value, trace = sys.exc_info()
            if kind is SystemExit and value.code in (None, 0) and "program" in options:
                return None
            return kind, value, trace
        finally:
            if sys.displayhook == self.display:
                sys.displayhook = hook
        return None

    def take_signal(self):
        if signal.getsignal(signal.SIGINT) != self.on_interrupt:
            signal.signal(signal.SIGINT, self.on_interrupt)

    def on_interrupt(self, number, frame):
        current = self.current
        if self.in_user_code and current is not None and self.interrupted == current.name:
            self.interrupted = None
            raise KeyboardInterrupt

    def run_code(self, name, options, code):
        path = urllib.parse.unquote(options.get("file", "")) or "<cell>"
        first = int(options.get("line", "1"))
        padded = "\n" * (first - 1) + code
        names = self.shell.global_dict
        self.show_source(path, padded)
        if "program" in options:
            self.run_program(path, padded, json.loads(urllib.parse.unquote(options["program"])))
            return
        try:
            tree = compile(padded, path, "exec", ast.PyCF_ONLY_AST | 0x2000, True)  # top-level await
        except SyntaxError:
            if not any(line.startswith("%") for line in code.split("\n")):
                raise
            self.run_magics(code)
            return
        flags = future_flags(tree)
        for nodes, mode in ((tree.body[:-1], "exec"), (tree.body[-1:], "single")):
            if not nodes:
                continue
            unit = ast.Interactive(nodes) if mode == "single" else ast.Module(nodes, [])
            self.evaluate(compile(unit, path, mode, flags | 0x2000, True), names)

    @staticmethod
    def evaluate(compiled, names):
        if compiled.co_flags & 0x80:  # CO_COROUTINE: the code awaits at its top level
            import asyncio

            asyncio.run(eval(compiled, names))
        else:
            exec(compiled, names)

    def run_program(self, path, code, arguments):
        names = self.shell.global_dict
        absent = object()
        before = {key: names.get(key, absent) for key in ("__name__", "__file__")}
        argv = getattr(sys, "argv", None)
        names.update(__name__="__main__", __file__=path)
        sys.argv = [path] + arguments
        try:
            exec(compile(code, path, "exec", 0, True), names)
        finally:
            sys.argv = argv
            for key, value in before.items():
                if value is absent:
                    names.pop(key, None)
                else:
                    names[key] = value

    def run_magics(self, code):
        result = None
        for node in self.shell.parse_code_into_nodes(code):
            try:
                result = node.execute()
            except Exception as error:
                inner = getattr(error, "exc_info", None)
                if inner:
                    raise inner[1].with_traceback(inner[2])
                raise
        if isinstance(result, dict):
            if result.get("msg_type") == "execute_reply":
                content = result.get("content", {})
                raise NameError("%s: %s" % (content.get("ename"), content.get("evalue")))
            json.dumps(result)  # what cannot be sent is the cell's error, not the session's end
            self.parts.append({k: v for k, v in result.items() if v != ""})

    @staticmethod
    def show_source(path, code):
        lines = code.splitlines(True)
        if not os.path.exists(path):
            linecache.cache[path] = (len(code), None, lines, path)

    # ---------------------------------------------------------------- results

    def display(self, value):
        if value is None:
            return
        builtins._ = value
        bundle = {}
        try:
            bundle = mime_bundle(value)
        except Exception:
            pass
        text = bundle.pop("text/plain", None)
        print(text if isinstance(text, str) else repr(value), file=sys.stdout)
        if bundle:
            self.parts.append(bundle)

    def reply(self, record, failure):
        if failure is None:
            return self.ok_reply(record)
        kind, value, trace = failure
        try:
            lines = error_lines(kind, value, trace)
            words = str(value)
        except Exception:
            lines, words = [kind.__name__ + "\n"], "<an exception that cannot be shown>"
        return self.error_reply(kind.__name__, words, lines)

    def ok_reply(self, record):
        text = record.read(0, REPLY_LIMIT + 4).decode("utf-8", "replace")
        whole = record.size <= REPLY_LIMIT and record.start == 0
        data = {}
        room = 800000
        for bundle in self.parts:
            for mime, value in bundle.items():
                length = len(json.dumps(value))
                if length <= room:
                    data[mime] = value
                    room -= length
                else:
                    data["text/plain"] = "[livyd: a part of type %s is too large]" % mime
        facts = {"run": record.name, "bytes": record.size, "whole": whole}
        data["application/vnd.livyd.run+json"] = facts
        data["text/plain"] = text if whole else text[:1000] + "\n[livyd: %d bytes]" % record.size
        return self.shell.execute_reply("ok", {"data": data})

    def error_reply(self, name, words, lines):
        return self.shell.execute_reply(
            "error",
            {"ename": name, "evalue": words[:100000], "traceback": cut(lines, 200000)},
        )

    # ---------------------------------------------------------------- side channel

    def call(self, text):
        """The one door for the daemon: JSON in, JSON out; runs on a thread of its own."""
        try:
            asked = json.loads(text)
            return json.dumps(getattr(self, "do_" + asked.pop("do"))(**asked))
        except Exception as error:
            return json.dumps({"error": type(error).__name__ + ": " + str(error)})

    def do_hello(self):
        version = ".".join(str(n) for n in sys.version_info[:3])
        with self.lock:
            current = self.current.name if self.current else None
        return {"api": API, "nonce": self.nonce, "python": version, "run": current}

    def do_read(self, run=None, offset=0, limit=262144, wait=0, ack=0):
        deadline = time.monotonic() + wait
        with self.lock:
            record = self.records.get(run) if run else self.session
            while wait and (record is None or (record.size <= offset and not record.ended)):
                left = deadline - time.monotonic()
                if left <= 0 or run in self.refused:
                    break
                self.changed.wait(left)
                record = self.records.get(run) if run else self.session
            if record is None:
                return {"known": False, "ran": run in self.ran, "refused": run in self.refused}
            if ack:
                record.release(ack)
            data = whole_characters(record.read(offset, limit))
            return {
                "known": True,
                "offset": max(offset, record.start),
                "text": data.decode("utf-8", "replace"),
                "size": record.size,
                "ended": record.ended,
            }

    def do_interrupt(self, run):
        with self.lock:
            record = self.records.get(run)
            if record is None or record.ended:
                return {"done": "ended" if run in self.ran else "unknown"}
            if self.current is not record or not self.in_user_code:
                return {"done": "not running"}
            self.interrupted = run
        signal.pthread_kill(self.main, signal.SIGINT)
        return {"done": "interrupted"}

    def do_withdraw(self, run):
        with self.lock:
            if run in self.ran:
                return {"ran": True}
            self.remember(self.refused, run)
            return {"ran": False}

    def do_drop(self, run):
        with self.lock:
            self.discard(self.records.pop(run, None))
        return {}

    # ---------------------------------------------------------------- housekeeping

    @staticmethod
    def remember(names, name):
        names[name] = True
        while len(names) > IDS_KEPT:
            names.popitem(last=False)

    def forget_old_records(self):
        while len(self.records) > 50:
            self.discard(self.records.popitem(last=False)[1])

    def discard(self, record):
        if record is None:
            return
        self.kept -= record.size - record.start
        for _, _, spilled in record.files:
            spilled.close()
        record.files.clear()

    def after_fork(self):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)

    # ---------------------------------------------------------------- installing

    def prepare(self, undo):
        """Everything that may fail; `undo` gets what takes it back."""
        shell = self.shell
        self.original = shell.msg_type_router["execute_request"]
        for name in ("execute_reply", "clearOutputs", "global_dict", "parse_code_into_nodes"):
            getattr(shell, name)
        self.keep_protocol_clean(undo)
        self.pipes = []
        for target in (1, 2):
            self.capture(target, undo)
        os.register_at_fork(after_in_child=self.after_fork)

    def keep_protocol_clean(self, undo):
        """The shell answers through the object behind fd 1: it gets a descriptor of its own."""
        protocol = sys.__stdout__
        raw = getattr(getattr(protocol, "buffer", None), "raw", None) or getattr(protocol, "buffer", None)
        if not isinstance(raw, io.FileIO) or raw.fileno() != 1:
            return
        private = os.dup(1)
        raw.__init__(private, "wb", closefd=False)
        undo.append(lambda: (raw.__init__(1, "wb", closefd=False), os.close(private)))

    def capture(self, target, undo):
        before = os.dup(target)
        source, sink = os.pipe()
        os.dup2(sink, target, True)
        os.close(sink)
        undo.append(lambda: (os.dup2(before, target, True), os.close(before)))
        reader = threading.Thread(target=self.copy_descriptor, args=(source,), daemon=True)
        reader.name = "livyd-fd-%d" % target
        reader.start()
        self.pipes.append(source)

    def take_over(self):
        self.shell_streams = sys.stdout, sys.stderr
        sys.__stdout__, sys.__stderr__ = self.stdout, self.stderr
        self.shell.msg_type_router["execute_request"] = self.first_request

    def first_request(self, content):
        """On the main thread: only here can a signal handler be set."""
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        self.take_signal()
        self.shell_streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.stdout, self.stderr
        self.shell.msg_type_router["execute_request"] = self.execute_request
        return self.execute_request(content)


def future_flags(tree):
    import __future__

    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    return flags


def mime_bundle(value):
    bundle = {}
    if isinstance(value, type):
        return bundle
    whole = getattr(value, "_repr_mimebundle_", None)
    if callable(whole):
        made = whole()
        made = made[0] if isinstance(made, tuple) else made
        if isinstance(made, dict):
            return dict(made)
    for method, mime in (("_repr_html_", "text/html"), ("_repr_svg_", "image/svg+xml")):
        made = getattr(value, method, None)
        made = made() if callable(made) else None
        if isinstance(made, str):
            bundle[mime] = made
    made = getattr(value, "_repr_png_", None)
    made = made() if callable(made) else None
    if isinstance(made, bytes):
        import base64

        bundle["image/png"] = base64.b64encode(made).decode()
    return bundle


def error_lines(kind, value, trace):
    """The traceback as Python prints it, without our own frames at its top."""
    while trace is not None and trace.tb_frame.f_globals.get("__name__") == "livyd_agent":
        trace = trace.tb_next
    if trace is not None and isinstance(value, SyntaxError) and trace.tb_next is None:
        trace = None
    return traceback.format_exception(kind, value, trace)


def cut(lines, limit):
    out = []
    for line in lines:
        if limit <= 0:
            out.append("[livyd: the rest of the traceback was cut]\n")
            break
        out.append(line[:limit])
        limit -= len(line)
    return out


def whole_characters(data):
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead >= 0xC0:
            length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data if length == back else data[:-back]
        if lead < 0x80:
            return data
    return data


def install(nonce):
    """Two phases: what may fail, then the swap. Returns a line of JSON."""
    known = sys.modules.get("livyd_agent")
    if known is not None and getattr(known, "agent", None) is not None:
        return known.agent.call('{"do": "hello"}')
    agent = Agent(sys.modules["__main__"], nonce)
    undo = []
    try:
        agent.prepare(undo)
        module = types.ModuleType("livyd_agent")
        module.agent = agent
        module.call = agent.call
        sys.modules["livyd_agent"] = module
        agent.take_over()
    except BaseException as error:
        sys.modules.pop("livyd_agent", None)
        for step in reversed(undo):
            step()
        return json.dumps({"error": type(error).__name__ + ": " + str(error)})
    return agent.call('{"do": "hello"}')
