"""What livyd knows inside a Livy PySpark session: it repairs what Livy's shell does not do.

It takes over how the shell executes marked requests: the code is compiled under its real file and
lines, its output is one append-only record that can be read while it runs, it can be interrupted by
name, and a run that was withdrawn never starts. Unmarked requests go to the shell untouched.
Whatever fails here, the session stays usable. Standard library only, Python 3.8 to 3.13.

install(nonce, as_statement) answers one line of JSON. From then on the daemon calls
    __import__("sys").modules["__main__"].msg_type_router["execute_request"].__self__.call(TEXT)
with a JSON object whose "do" names one of the do_ methods of Agent; the answer is one line of JSON,
a line feed, and for "read" the bytes themselves.
"""
import __future__
import ast
import base64
import builtins
import codecs
import collections
import contextlib
import io
import json
import linecache
import os
import re
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
import urllib.parse
import weakref

API = 1
SEGMENT = 1 << 20  # bytes of one record in memory before they move to a file
FILE = 32 << 20  # bytes of one such file: what is released at once
RUN_LIMIT = 256 << 20  # bytes of one run that wait to be fetched
SESSION_LIMIT = 1 << 30
PIPE = 1 << 20  # what C code can write to fd 1 while it holds Python's lock
NAMES_KEPT = 1000
RECORDS_KEPT = 100
VALUE_LIMIT = 64 << 20  # bytes of one displayed value
REPLIES_LIMIT = 32 << 20  # characters of all kept replies together
WHOLE_LIMIT = 200000  # bytes of output in a statement's own reply
PREVIEW = 1000
TEXT_LIMIT = 450000  # characters of JSON that output, parts and traceback may each take in a reply
PARTS_LIMIT = 400000
TABLE_ROWS = 1000
TABLE_COLUMNS = 200
LONGEST_WAIT = 10.0
LARGEST_PIECE = 8 << 20
LAST_LINE = 1000000
NEVER = -10.0
SPARK_SECONDS = 1.0  # what Livy's cancel gets to end a call into the JVM
AWAIT = 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
COROUTINE = 0x80  # inspect.CO_COROUTINE
MARKER = re.compile(r"# livyd run=([0-9A-Za-z.-]+)((?: [a-z]+=[^ \r\n]*)*)[ \r]*(?:\n|$)")
TABLE = "application/vnd.livy.table.v1+json"
FACTS = "application/vnd.livyd.run+json"


# Output -------------------------------------------------------------------------------------------


class Record(object):
    """The output of one run, or of the session between runs: whole UTF-8 characters by offset."""

    def __init__(self, name):
        self.name = name
        self.files = []  # [first offset, length, unlinked file]
        self.memory = bytearray()
        self.base = 0  # where `memory` begins
        self.start = 0  # everything before has been released
        self.acknowledged = 0  # everything before has been fetched
        self.dropped = 0  # bytes of the gap that is open
        self.limit = RUN_LIMIT
        self.spills = True
        self.ended = False

    size = property(lambda self: self.base + len(self.memory))
    kept = property(lambda self: self.size - self.start)

    def append(self, data):
        self.memory += data
        if self.spills and len(self.memory) >= SEGMENT:
            self.spill()

    def spill(self):
        try:
            if not self.files or self.files[-1][1] >= FILE:
                self.files.append([self.base, 0, tempfile.TemporaryFile(prefix="livyd-", buffering=0)])
            last = self.files[-1]
            write_all(lambda rest, at: os.pwrite(last[2].fileno(), rest, last[1] + at), self.memory)
        except OSError:  # no room for files: a little more memory, then a gap
            self.spills = False
            self.limit = min(self.limit, self.kept + 8 * SEGMENT)
            return
        last[1] += len(self.memory)
        self.base += len(self.memory)
        self.memory = bytearray()

    def read(self, offset, limit):
        out = b""
        for first, length, spilled in self.files:
            at = offset + len(out) - first
            if 0 <= at < length and len(out) < limit:
                out += os.pread(spilled.fileno(), min(limit - len(out), length - at), at)
        at = offset + len(out) - self.base
        if at >= 0:
            out += self.memory[at : at + limit - len(out)]
        return out

    def release(self):
        """Lets go of whole files that have been fetched."""
        while self.files and self.files[0][0] + self.files[0][1] <= self.acknowledged:
            first, length, spilled = self.files.pop(0)
            spilled.close()
            self.start = first + length

    def discard(self):
        for _, _, spilled in self.files:
            spilled.close()
        self.files, self.memory = [], bytearray()
        self.base = self.start = 0


class Book(object):
    """All records and what is known of runs, under one lock.

    The lock is re-entrant, for a finaliser or a signal handler may print in the middle of a write of
    the same thread: such text waits in a list until that write is done.
    """

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.session = Record("")
        self.records = collections.OrderedDict()
        self.replies = collections.OrderedDict()
        self.ran = collections.OrderedDict()
        self.refused = collections.OrderedDict()
        self.current = None  # the record of the run that executes now
        self.owners = weakref.WeakKeyDictionary()  # thread -> the record it belongs to
        self.kept = 0
        self.busy = False
        self.waiting = collections.deque()
        self.source = None  # descriptor from which comes what was written to fd 1 and 2
        self.look = select.poll()  # on it; cheaper for each print than a read that fails
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def put(self, data, thread):
        """Text of a thread; None is the main thread, whose text is the current run's."""
        with self.changed:
            self.waiting.append((self.record_of(thread), data))
            if not self.busy:
                self.exclusively(self.drain)
                self.changed.notify_all()

    def record_of(self, thread):
        if self.current is None or thread is None:
            return self.current or self.session
        try:
            owner = self.owners.setdefault(thread, self.current)
        except TypeError:  # a thread of a class that cannot be a key
            return self.current
        return self.session if owner.ended else owner

    def exclusively(self, work, *arguments):
        """Does something with records, and then what was printed meanwhile. Under the lock."""
        self.busy = True
        try:
            return work(*arguments)
        finally:
            try:
                while self.waiting:
                    self.add(*self.waiting.popleft())
            finally:
                self.busy = False

    def drain(self):
        """Takes what waits in the pipe of fd 1 and 2; bounded, for a child may never stop."""
        for _ in range(64):
            if not self.look.poll(0):
                return
            try:
                data = os.read(self.source, 65536)
            except OSError:
                return
            if not data:  # its other end is closed
                self.look.unregister(self.source)
                return
            text = self.decoder.decode(data).encode("utf-8")
            if text:
                self.add(self.current or self.session, text)

    def look_at_pipe(self):
        with self.changed:
            if not self.busy:
                self.exclusively(self.drain)
                self.changed.notify_all()

    def add(self, record, data):
        if not self.room(record, len(data)):
            for other in [self.session] + list(self.records.values()):
                self.kept -= other.kept
                other.release()
                self.kept += other.kept
        room = self.room(record, len(data))
        fits = data
        if room < len(data):  # a gap that is open stays one
            fits = b"" if record.dropped else whole_characters(data[:room])
        if fits and record.dropped:
            self.tell_gap(record)
        record.dropped += len(data) - len(fits)
        record.append(fits)
        self.kept += len(fits)

    def room(self, record, wanted):
        return max(0, min(wanted, record.limit - record.kept, SESSION_LIMIT - self.kept))

    def tell_gap(self, record):
        if record.dropped:
            words = b"\n[livyd: %d bytes were not kept here]\n" % record.dropped
            record.dropped = 0
            record.append(words)
            self.kept += len(words)

    def begin(self, name):
        """Makes it the current run; returns its record, or the name of why it must not run."""
        with self.changed:
            if name in self.refused:
                return "LivydWithdrawn"
            if name in self.ran:
                return "LivydDuplicate"
            self.exclusively(self.drain)
            for thread in threading.enumerate():
                self.set_owner(thread)
            remember(self.ran, name)
            while len(self.records) >= RECORDS_KEPT:
                self.forget(next(iter(self.records)).partition("#")[0])
            self.current = self.records[name] = Record(name)
            self.changed.notify_all()
            return self.current

    def set_owner(self, thread):
        with contextlib.suppress(TypeError):
            self.owners.setdefault(thread, self.session)

    def end(self, record):
        with self.changed:
            self.exclusively(self.drain)
            self.exclusively(self.tell_gap, record)
            record.ended = True
            self.current = None
            self.changed.notify_all()

    def forget(self, name):
        """The record of a run and the values it displayed."""
        for key in [key for key in self.records if key.partition("#")[0] == name]:
            record = self.records.pop(key)
            if record is not self.current:
                self.kept -= record.kept
                record.discard()

    def keep_value(self, name, data):
        """What is too large for a reply, to be read like a run's output; its name when there is room."""
        value = Record(name)
        with self.changed:
            if self.room(value, len(data)) == len(data) <= VALUE_LIMIT:
                value.append(data)
                value.ended = True
                self.kept += len(data)
                self.records[name] = value
                return name
        return ""

    def keep_reply(self, name, reply):
        with self.changed:
            self.replies[name] = reply
            while len(self.replies) > RECORDS_KEPT or sum(map(len, self.replies.values())) > REPLIES_LIMIT:
                self.replies.popitem(last=False)

    def state_of(self, name):
        """What ends a wait when it changes."""
        record = self.records.get(name) if name else self.session
        return record, name in self.refused, record is not None and record.ended

    def wait(self, name, offset, seconds):
        """Until there is something after `offset`, or the run begins, ends or is withdrawn."""
        until = time.monotonic() + min(seconds, LONGEST_WAIT)
        before = self.state_of(name)
        while self.state_of(name) == before and not before[1] and not before[2]:
            record, left = before[0], until - time.monotonic()
            if left <= 0 or (record is not None and record.size > offset):
                return
            if record is None and name in self.ran:
                return
            self.changed.wait(left)

    def piece(self, record, offset, limit):
        """Where it begins, and whole characters from there."""
        record.acknowledged = max(record.acknowledged, min(offset, record.size))
        offset = min(max(offset, record.start), record.size)
        data = record.read(offset, max(16, min(limit, LARGEST_PIECE)))
        while data and data[0] & 0xC0 == 0x80:
            data, offset = data[1:], offset + 1
        return offset, whole_characters(data)


class Stream(io.TextIOBase):
    """What sys.stdout and sys.stderr are: writes to the record of the run that prints."""

    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"

    def __init__(self, agent, name, descriptor):
        self.agent = agent
        self.name = name
        self.descriptor = descriptor
        self.buffer = ByteStream(self)

    def write(self, text):
        if isinstance(text, (bytes, bytearray)):  # Livy's streams take bytes, too
            return self.buffer.write(text)
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        if text:
            self.write_bytes(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def write_bytes(self, data):
        if os.getpid() == self.agent.pid:
            self.agent.put(data)
        else:  # a forked child: its descriptor leads back to its parent's record
            write_all(lambda rest, at: os.write(self.descriptor, rest), data)

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return self.descriptor

    def close(self):
        """A cell that closes it must reach neither the shell nor the next cell."""

    def reconfigure(self, **_options):
        """It is UTF-8, whatever a program wishes."""

    def getvalue(self):
        return ""  # a cell may ask, as it can ask the shell's own streams


class ByteStream(io.RawIOBase):
    """sys.stdout.buffer."""

    def __init__(self, stream):
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data):
        data = bytes(data)
        text = self.decoder.decode(data)
        if text:
            self.stream.write_bytes(text.encode("utf-8"))
        return len(data)

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return self.stream.descriptor

    def close(self):
        pass


class Descriptors(object):
    """fd 1 and fd 2: a pipe for the user's code and its children, the old files for the shell.

    The shell answers through the object behind fd 1 and logs through the one behind fd 2; each gets
    a descriptor of its own. The exchange is made on the main thread, which then writes neither.
    """

    def __init__(self, book):
        self.book = book
        self.files = [raw_file(sys.__stdout__, 1), raw_file(sys.__stderr__, 2)]
        if self.files[0] is None:
            raise RuntimeError("this shell does not answer through file descriptor 1")
        self.private = []
        self.sink = None

    def exchange(self):
        book = self.book
        book.source, self.sink = os.pipe()
        try:
            self.sink = above_standard(self.sink)
            os.set_blocking(book.source, False)
            book.look.register(book.source, select.POLLIN)
            widen(self.sink)
            for target, raw in enumerate(self.files, 1):
                if raw is not None:
                    self.private.append((target, raw, above_standard(os.dup(target))))
            reader = threading.Thread(target=self.follow, name="livyd output", daemon=True)
            reader.start()
            for target, raw, private in self.private:
                raw.__init__(private, "wb", closefd=False)
                os.dup2(self.sink, target)
        except BaseException:
            self.undo()
            raise

    def undo(self):
        """Also on the main thread."""
        for target, raw, private in self.private:
            os.dup2(private, target)
            raw.__init__(target, "wb", closefd=False)
            os.close(private)
        self.private = []
        sink, self.sink = self.sink, None
        if sink is not None:
            os.close(sink)  # the reader finds the end of the pipe when no child holds it any more

    def follow(self):
        source, looking = self.book.source, select.poll()
        looking.register(source, select.POLLIN)
        while True:
            for _, what in looking.poll():
                if not what & select.POLLIN:
                    return
            self.book.look_at_pipe()

    def repair(self):
        """A cell that closed fd 1 or 2 must not give the number to somebody's file."""
        for target, _, _ in self.private:
            try:
                os.fstat(target)
            except OSError:
                os.dup2(self.sink, target)


# Values -------------------------------------------------------------------------------------------


class Display(object):
    """What a run shows beside its text: MIME bundles, bounded."""

    def __init__(self, book, record):
        self.book = book
        self.record = record
        self.parts = []
        self.room = PARTS_LIMIT
        self.left_out = []

    def hook(self, value):
        """sys.displayhook: as Python's own, and the value's other forms."""
        if value is None:
            return
        builtins._ = None
        sys.stdout.write(repr(value) + "\n")
        builtins._ = value
        self.add(bundle_of(value, False))

    def show(self, *values):
        """display(): also collects the first rows of a Spark data frame."""
        for value in values:
            bundle = bundle_of(value, True)
            if not bundle:
                print(value if isinstance(value, str) else repr(value))
            self.add(bundle)

    def add(self, bundle):
        kept = {}
        for mime, value in bundle.items():
            try:
                text = json.dumps(value, allow_nan=False)
            except (TypeError, ValueError, RecursionError):
                continue  # no JSON: Livy could not carry it
            length = len(text) + len(mime)
            if length <= self.room:
                kept[mime] = value
                self.room -= length
            elif len(self.left_out) < 20:
                data = clean(value if isinstance(value, str) else text).encode()
                part = self.book.keep_value("%s#%d" % (self.record.name, len(self.left_out)), data)
                self.left_out.append({"mime": mime, "size": len(data), "part": part})
        if kept:
            self.parts.append({"at": self.record.size, "data": kept})

    def add_figures(self):
        """Figures of matplotlib that were drawn since they were last shown."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None or not hasattr(pyplot, "get_fignums"):
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if figure.stale and figure.get_axes():
                image = io.BytesIO()
                figure.savefig(image, format="png")
                figure.stale = False
                self.add({"image/png": base64.b64encode(image.getvalue()).decode("ascii")})


def bundle_of(value, asked):
    """The forms of a value other than text; what it raises is not the cell's failure."""
    if isinstance(value, type):
        return {}
    bundle = {}
    with contextlib.suppress(Exception):
        bundle.update(table_of(value, asked))
    with contextlib.suppress(Exception):
        if hasattr(type(value), "_repr_mimebundle_"):
            made = value._repr_mimebundle_()
            bundle.update(made[0] if isinstance(made, tuple) else made)
    for method, mime in (
        ("_repr_html_", "text/html"),
        ("_repr_markdown_", "text/markdown"),
        ("_repr_svg_", "image/svg+xml"),
        ("_repr_latex_", "text/latex"),
        ("_repr_json_", "application/json"),
        ("_repr_png_", "image/png"),
        ("_repr_jpeg_", "image/jpeg"),
    ):
        with contextlib.suppress(Exception):
            if mime not in bundle and hasattr(type(value), method):
                bundle[mime] = getattr(value, method)()
    return {mime: plain(form) for mime, form in bundle.items() if usable(mime, form)}


def usable(mime, form):
    return isinstance(mime, str) and mime != "text/plain" and form is not None


def plain(form):
    form = form[0] if isinstance(form, tuple) else form  # with metadata
    return base64.b64encode(form).decode("ascii") if isinstance(form, bytes) else form


def table_of(value, asked):
    """The first rows of a data frame; one of Spark's runs a job, so only when it was asked for."""
    kind = type(value)
    library = (kind.__module__ or "").partition(".")[0]
    if kind.__name__ != "DataFrame" or library not in ("pandas", "pyspark"):
        return {}
    if library == "pandas":
        columns = [str(name) for name in value.columns[:TABLE_COLUMNS]]
        first = value.iloc[:TABLE_ROWS, :TABLE_COLUMNS]
        rows = [list(row) for row in first.itertuples(index=False, name=None)]
    elif asked:
        columns = [str(name) for name in value.columns[:TABLE_COLUMNS]]
        rows = [list(row)[:TABLE_COLUMNS] for row in value.limit(TABLE_ROWS).collect()]
    else:
        return {}
    rows = [[table_cell(cell) for cell in row] for row in rows]
    headers = [{"name": name, "type": table_type(rows, n)} for n, name in enumerate(columns)]
    while rows and len(json.dumps(rows)) > PARTS_LIMIT // 2:
        rows = rows[: len(rows) // 2]
    return {TABLE: {"headers": headers, "data": rows}}


def table_cell(cell):
    if hasattr(cell, "item") and callable(cell.item):  # a number of numpy
        with contextlib.suppress(Exception):
            cell = cell.item()
    if isinstance(cell, float):
        return cell if cell - cell == 0 else None  # JSON has no NaN and no infinity
    if cell is None or isinstance(cell, (bool, int)):
        return cell
    return str(cell)[:10000]


def table_type(rows, column):
    kinds = {type(row[column]) for row in rows} - {type(None)}
    if kinds == {bool}:
        return "BOOLEAN_TYPE"
    if kinds == {int}:
        return "INT_TYPE"
    return "DOUBLE_TYPE" if kinds and kinds <= {int, float} else "STRING_TYPE"


# Code ---------------------------------------------------------------------------------------------


class MagicFailure(Exception):
    """A magic of Livy's that answered with an error: the content of its reply."""


class Cell(object):
    """The code of one run, under its real file and lines."""

    def __init__(self, shell, display, options, code):
        self.shell = shell
        self.display = display
        self.code = code.replace("\r\n", "\n")
        self.file = urllib.parse.unquote(options.get("file", ""))
        self.path = self.file or "<cell>"
        line = options.get("line", "1")
        self.line = min(int(line), LAST_LINE) if line.isdigit() and line.isascii() else 1
        self.line = max(self.line, 1)
        self.arguments = None
        if "program" in options:
            self.arguments = [str(word) for word in json.loads(urllib.parse.unquote(options["program"]))]

    def run(self, loop):
        """All of this is user code: it may raise anything."""
        show_source(self.path, self.line, self.code)
        padded = "\n" * (self.line - 1) + self.code
        if self.arguments is not None:
            exec(compile(padded, self.path, "exec", 0, True), self.shell.global_dict)
        else:
            self.run_cell(padded, loop)
        self.display.add_figures()

    def run_cell(self, padded, loop):
        tree = None
        try:
            tree = self.parse(padded)
        except SyntaxError:
            if not any(line.startswith("%") for line in self.code.split("\n")):
                raise
        if tree is not None:
            self.run_tree(tree, loop)
        else:
            self.run_with_magics(loop)

    def parse(self, text):
        return compile(text, self.path, "exec", ast.PyCF_ONLY_AST | AWAIT, True)

    def run_tree(self, tree, loop):
        """All but the last statement silently; the last one shows its value, as in Livy."""
        flags = future_flags(tree) | AWAIT
        silent, shown = tree.body[:-1], tree.body[-1:]
        units = []
        if silent:
            units.append(compile(ast.Module(silent, []), self.path, "exec", flags, True))
        if shown:
            units.append(compile(ast.Interactive(shown), self.path, "single", flags, True))
        for unit in units:
            if unit.co_flags & COROUTINE:  # it awaits at its top level
                loop.complete(eval(unit, self.shell.global_dict))
            else:
                exec(unit, self.shell.global_dict)

    def run_with_magics(self, loop):
        """Lines that start with % are Livy's; what stands between them is Python."""
        steps, first, lines = [], self.line, self.code.rstrip().split("\n")
        for number, line in enumerate(lines + ["%"], self.line):
            if line.startswith("%"):
                between = lines[first - self.line : number - self.line]
                text = "\n" * (first - 1) + "\n".join(between)
                steps += [(self.run_tree, (self.parse(text), loop)), (self.run_magic, (line,))]
                first = number + 1
        for step, arguments in steps[:-1]:
            step(*arguments)

    def run_magic(self, line):
        result = None
        with careful_errors(self.shell):
            try:
                for node in self.shell.parse_code_into_nodes(line.rstrip()):
                    result = node.execute()
            except Exception as error:
                raise error from None  # how the shell looked for the magic is nobody's business
        if not isinstance(result, dict):
            return
        if result.get("msg_type") == "execute_reply":
            raise MagicFailure(result.get("content"))
        text = result.pop("text/plain", "")
        if text:
            print(text)
        json.dumps(result, allow_nan=False)  # Livy's shell dies of an object, its server of a NaN
        self.display.add(result)


class Loop(object):
    """The event loop of cells that await: one for the session, so that its objects stay usable."""

    def __init__(self):
        self.loop = None

    def complete(self, coroutine):
        task = None
        try:
            import asyncio

            if self.loop is None or self.loop.is_closed():
                self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
            task = self.loop.create_task(coroutine)
            self.loop.run_until_complete(task)
        except BaseException as error:
            if task is None:
                coroutine.throw(error)  # at the line that was next
            if task.done():
                raise
            task.cancel()  # it was interrupted: what it awaits tells the line
            try:
                self.loop.run_until_complete(task)
            except asyncio.CancelledError as cancelled:
                error.with_traceback(cancelled.__traceback__)
            raise error from None


def future_flags(tree):
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def show_source(path, first, code):
    """Lets tracebacks and inspect show the code that was sent; other cells' lines of the file stay."""
    lines = code.splitlines(True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    known = linecache.cache.get(path)
    whole = list(known[2]) if known and len(known) == 4 and known[1] is None else []
    whole += ["\n"] * (first - 1 - len(whole))
    whole[first - 1 : first - 1 + len(lines)] = lines
    linecache.cache[path] = (sum(map(len, whole)), None, whole, path)


@contextlib.contextmanager
def careful_errors(shell):
    """Livy's own makes a traceback of an exception that may be a mere text, and dies of it."""
    before = shell.__dict__.get("execute_reply_error")

    def reply(kind, value, trace):
        words = "%s: %s\n" % (kind.__name__, value)
        content = {"ename": kind.__name__, "evalue": str(value), "traceback": [words]}
        return {"msg_type": "execute_reply", "content": content}

    if before is not None:
        shell.execute_reply_error = reply
    try:
        yield
    finally:
        if before is not None:
            shell.execute_reply_error = before


@contextlib.contextmanager
def dressed(cell, display):
    """The names that a run sees while it runs, and nobody afterwards."""
    names, absent = cell.shell.global_dict, object()
    given = {"__name__": "__main__"}
    if cell.file:
        given["__file__"] = cell.file
    before = {key: names.get(key, absent) for key in given}
    argv, hook = getattr(sys, "argv", [""]), sys.displayhook
    show = display.show
    names.update(given)
    if cell.arguments is not None:
        sys.argv = [cell.path] + cell.arguments
    if hook is sys.__displayhook__:
        sys.displayhook = display.hook
    builtins.__dict__.setdefault("display", show)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is not absent:
                names[key] = value
            elif names.get(key) == given[key]:
                del names[key]
        if cell.arguments is not None:
            sys.argv = argv
        if sys.displayhook == display.hook:
            sys.displayhook = hook
        if builtins.__dict__.get("display") == show:
            del builtins.display


# Replies ------------------------------------------------------------------------------------------


def ok_content(record, display):
    text = record.read(0, WHOLE_LIMIT).decode("utf-8", "replace")
    whole = record.size <= WHOLE_LIMIT and record.start == 0 and len(json.dumps(text)) <= TEXT_LIMIT
    facts = {"run": record.name, "bytes": record.size, "whole": whole}
    if display.left_out:
        facts["leftOut"] = display.left_out
    if not whole:
        text = "%s\n[livyd: %d bytes of output in all]" % (text[:PREVIEW], record.size)
    data = {}
    if display.parts:
        # Everybody sees the last one; whoever knows livyd sees all, and where each belongs.
        last = display.parts[-1]
        data.update(last["data"])
        facts["at"] = last["at"]
        facts["before"] = display.parts[:-1]
    data["text/plain"] = text
    data[FACTS] = facts
    return {"status": "ok", "data": data}


def error_content(name, words, lines):
    return {
        "status": "error",
        "ename": clean(name),
        "evalue": clean(words[:20000]),
        "traceback": cut([clean(line) for line in lines], TEXT_LIMIT),
    }


def failure_content(cell, kind, value, trace):
    """Calls code of the exception's class: it may raise anything."""
    if kind is MagicFailure and isinstance(value.args[0], dict):
        content = value.args[0]
        lines = [str(line) for line in content.get("traceback") or []]
        return error_content(str(content.get("ename")), str(content.get("evalue")), lines)
    inner = getattr(value, "exc_info", None)  # how the shell wraps a failure
    if kind.__name__ == "ExecutionError" and isinstance(inner, tuple) and len(inner) == 3:
        kind, value, trace = inner
    try:
        words = str(value)
    except Exception:
        words = "<it cannot be shown>"
    return error_content(kind.__name__, words, error_lines(cell.path, kind, value, trace))


def error_lines(path, kind, value, trace):
    """The traceback as Python prints it, chained causes and all, without frames of ours."""
    while trace is not None and not of_user(path, trace):
        trace = trace.tb_next
    whole = traceback.TracebackException(kind, value, trace)
    seen = set()
    pending = [whole]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if one.stack is not None:
            one.stack[:] = [frame for frame in one.stack if frame.filename != OURS]
        pending += [one.__cause__, one.__context__] + list(getattr(one, "exceptions", None) or [])
    return list(whole.format())


def of_user(path, trace):
    return trace.tb_frame.f_code.co_filename in (path, "<stdin>")


def cut(lines, limit):
    """Bounded by what the lines take as JSON; the end of a traceback says most."""
    kept, first = [], lines[:1]
    for line in reversed(lines[1:]):
        limit -= len(json.dumps(line))
        if limit < 0:
            return first_part(first) + ["[livyd: a part of the traceback was cut]\n"] + kept[::-1]
        kept.append(line)
    return first_part(first) + kept[::-1]


def first_part(lines):
    return [line[:10000] for line in lines]


def clean(text):
    """What JSON and Java carry: no halves of characters."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


# The agent ----------------------------------------------------------------------------------------


def inside(agent, work, arguments):
    """Below this frame is user code: only there, an interrupt is raised."""
    agent.check()
    return work(*arguments)


OURS = inside.__code__.co_filename


class Agent(object):
    api = API

    def __init__(self, shell, nonce):
        self.shell = shell
        self.nonce = nonce
        self.pid = os.getpid()
        self.main = threading.main_thread().ident
        self.book = Book()
        self.loop = Loop()
        self.stdout = Stream(self, "<stdout>", 1)
        self.stderr = Stream(self, "<stderr>", 2)
        self.original = None  # how the shell executes a request
        self.predecessor = None  # an older agent, until the first request
        self.shell_streams = None
        self.before = None  # what retire() gives back
        self.armed = False
        self.descriptors = None if agent_in(shell) else Descriptors(self.book)
        self.in_user_code = False
        self.shield = 0  # above 0 the main thread is in the middle of a write
        self.interrupted = None  # the name of the run that shall be interrupted
        self.asked_at = NEVER  # when that was asked
        self.sent_at = NEVER  # when its signal was sent; it may arrive late

    def execute_request(self, content):
        """The shell's requests arrive here. Nothing that fails here may end the shell."""
        try:
            if not self.armed:
                self.arm()
        except Exception:
            return self.original(content)
        code = content.get("code")
        marked = MARKER.match(code) if isinstance(code, str) else None
        if not marked:
            return self.as_shell(content)
        try:
            reply = self.execute_run(marked.group(1), marked.group(2), code[marked.end() :])
        except BaseException as error:  # of ours, or a signal handler of the user's
            reply = error_content("LivydAgentError", repr(error), traceback.format_exc().splitlines(True))
        finally:
            self.leave()
        return {"msg_type": "execute_reply", "content": reply}

    def as_shell(self, content):
        """Somebody else's code, or Livy's own: with the shell's streams."""
        ours = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.shell_streams
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # as children expect it
            return self.original(content)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            self.stay_in_parent()
            self.shell_streams = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = ours

    def execute_run(self, name, options, code):
        record = self.book.begin(name)
        if isinstance(record, str):
            words = "this run was withdrawn" if record == "LivydWithdrawn" else "this run was executed before"
            return error_content(record, words, [])
        content = error_content("LivydAgentError", "the agent could not run this code", [])
        try:
            content = self.content_of(record, options, code)
        finally:
            self.leave()
            with self.book.changed:  # whoever learns that it ended finds the reply
                self.book.end(record)
                if isinstance(content, Display):
                    content = ok_content(record, content)
                self.book.keep_reply(name, json.dumps(content))
        return content

    def content_of(self, record, options, code):
        """Runs the code; returns what it displayed when it succeeded, or the content of an error."""
        self.enter()
        display = Display(self.book, record)
        options = dict(word.split("=", 1) for word in options.split())
        cell = Cell(self.shell, display, options, code)
        with dressed(cell, display):
            failure = self.as_user(cell.run, self.loop)[1]
            self.stay_in_parent(failure)
            self.as_user(flush_streams)
        if failure is None or (cell.arguments is not None and went_well(failure)):
            return display
        content, broken = self.as_user(failure_content, cell, *failure)
        return error_content(failure[0].__name__, "<it cannot be shown>", []) if broken else content

    def as_user(self, work, *arguments):
        """Does what may run user code. Returns its value, and the exception's type, value and trace."""
        try:
            # A signal for an earlier run arrives here, outside `inside`, and is ignored.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            self.in_user_code = True
            return inside(self, work, arguments), None
        except BaseException:
            return None, sys.exc_info()
        finally:
            self.in_user_code = False
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])

    def enter(self):
        """Undoes what the cell before may have left behind."""
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        self.in_user_code, self.shield, self.interrupted = False, 0, None
        self.sent_at = self.asked_at = NEVER
        if signal.getsignal(signal.SIGINT) != self.on_interrupt:
            signal.signal(signal.SIGINT, self.on_interrupt)
        self.descriptors.repair()
        sys.stdout, sys.stderr = self.stdout, self.stderr
        if getattr(sys.stdin, "closed", False):
            sys.stdin = io.StringIO()  # exit() closes it

    def leave(self):
        self.in_user_code = False
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        self.stay_in_parent()
        sys.stdout, sys.stderr = self.stdout, self.stderr

    def stay_in_parent(self, failure=None):
        """A child that a cell forked must never answer in the shell's place."""
        if os.getpid() == self.pid:
            return
        code = 0
        if failure is not None:
            code = 1
            with contextlib.suppress(BaseException):
                if failure[0] is SystemExit:
                    code = int(failure[1].code or 0)
                else:
                    traceback.print_exception(*failure)
        os._exit(code & 0xFF)

    def put(self, data):
        """Text that somebody printed. An interrupt waits until the record is whole."""
        if threading.get_ident() != self.main:
            self.book.put(data, threading.current_thread())
            return
        before = self.shield
        try:
            self.shield = before + 1
            self.book.put(data, None)
        finally:
            self.shield = before
        if self.interrupted is not None and before == 0:
            self.check()

    # Interrupting

    def on_interrupt(self, _number, frame):
        if os.getpid() != self.pid:  # a forked child of a cell
            raise KeyboardInterrupt
        current = self.book.current
        if current is None or not calls_user_code(frame):
            return
        if self.interrupted != current.name and time.monotonic() > self.sent_at + 1:
            self.interrupted = current.name  # not of ours: the user's own kill or interrupt_main
        # Torn from importlib's own code, no thread could import any more: the signal comes again.
        if time.monotonic() < self.asked_at + SPARK_SECONDS and calls_jvm(frame):
            return  # torn, it would cost py4j its connection
        if self.shield == 0 and not frame.f_code.co_filename.startswith("<frozen importlib"):
            self.check()

    def check(self):
        current = self.book.current
        if self.in_user_code and current is not None and self.interrupted == current.name:
            self.interrupted = None
            raise KeyboardInterrupt

    # Installing

    def take_over(self):
        """The swap, after which nothing can fail any more."""
        router = self.shell.msg_type_router
        self.original = router["execute_request"]
        present = agent_in(self.shell)
        if present is not None:
            self.predecessor, self.original = present, present.original
        router["execute_request"] = self.execute_request

    def arm(self):
        """On the main thread, which alone can set a signal handler; undone when it fails."""
        self.armed = True
        try:
            if self.predecessor is not None:
                self.predecessor.retire()
                self.predecessor, self.descriptors = None, Descriptors(self.book)
            self.before = signal.getsignal(signal.SIGINT), (sys.__stdout__, sys.__stderr__)
            self.descriptors.exchange()
            os.register_at_fork(after_in_child=self.after_fork)
            self.shell_streams = sys.stdout, sys.stderr
            sys.__stdout__, sys.__stderr__ = self.stdout, self.stderr
            sys.stdout, sys.stderr = self.stdout, self.stderr
            self.enter()
        except BaseException:
            self.shell.msg_type_router["execute_request"] = self.original
            raise

    def retire(self):
        """Gives everything back; on the main thread, when no run executes."""
        if not self.armed:
            return
        handler, (sys.__stdout__, sys.__stderr__) = self.before
        sys.stdout, sys.stderr = self.shell_streams
        self.descriptors.undo()
        signal.signal(signal.SIGINT, handler)

    def after_fork(self):
        """Another thread may have held the lock when the child was made."""
        self.book.changed = threading.Condition(threading.RLock())

    # What the daemon asks

    def call(self, text):
        """The one door: JSON in, bytes out. Runs on a thread of its own."""
        try:
            asked = json.loads(text)
            answer = getattr(self, "do_" + asked.pop("do"))(**asked)
        except Exception as error:
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        payload = answer.pop("payload", b"")
        return json.dumps(answer).encode("ascii") + b"\n" + payload

    def do_hello(self):
        current = self.book.current
        version = ".".join(str(number) for number in sys.version_info[:3])
        run = current.name if current is not None else ""
        return {"api": self.api, "nonce": self.nonce, "python": version, "run": run}

    def do_read(self, run="", offset=0, limit=262144, wait=0):
        book = self.book
        with book.changed:
            if wait:
                book.wait(run, offset, wait)
            record, refused, ended = book.state_of(run)
            ran = run in book.ran or not run
            if record is None:
                ended = ran or refused
                return {"known": False, "ran": ran, "refused": refused, "ended": ended, "offset": 0, "size": 0}
            at, data = book.exclusively(book.piece, record, offset, limit)
            answer = {"known": True, "ran": True, "refused": False, "ended": ended, "offset": at}
            return dict(answer, size=record.size, payload=bytes(data))

    def do_interrupt(self, run):
        with self.book.changed:
            record = self.book.current
            if record is None or record.name != run:
                return {"done": "ended" if run in self.book.ran else "unknown"}
            if not self.in_user_code:
                return {"done": "not running"}
            self.interrupted, self.asked_at = run, time.monotonic()
            self.send_interrupt(record)
        return {"done": "interrupted"}

    def send_interrupt(self, record):
        """Again for some seconds when it came where nothing must be torn."""
        for _ in range(150):
            self.sent_at = time.monotonic()
            ours = signal.getsignal(signal.SIGINT) == self.on_interrupt
            signal.pthread_kill(self.main, signal.SIGINT)
            if not ours:  # a handler of the cell's own gets one signal
                self.interrupted = None
                return
            self.book.changed.wait(0.02)
            if self.interrupted != record.name or self.book.current is not record:
                return

    def do_withdraw(self, run):
        with self.book.changed:
            ran = run in self.book.ran
            if not ran:
                remember(self.book.refused, run)
                self.book.changed.notify_all()
            return {"withdrawn": not ran}

    def do_result(self, run):
        reply = self.book.replies.get(run)
        return {"known": reply is not None, "reply": reply or ""}

    def do_drop(self, run):
        with self.book.changed:
            record = self.book.records.get(run)
            if record is not None and record.ended:
                self.book.forget(run)
            self.book.replies.pop(run, None)
        return {}


def calls_user_code(frame):
    """True below `inside`, not in it."""
    innermost = frame
    while frame is not None:
        if frame.f_code is inside.__code__:
            return frame is not innermost
        frame = frame.f_back
    return False


def calls_jvm(frame):
    while frame is not None and frame.f_code is not inside.__code__:
        if str(frame.f_globals.get("__name__")).partition(".")[0] == "py4j":
            return True
        frame = frame.f_back
    return False


def went_well(failure):
    """sys.exit() of a program."""
    return failure[0] is SystemExit and failure[1].code in (None, 0)


def flush_streams():
    """A cell may have put a buffer of its own in front of ours."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def remember(names, name):
    names[name] = True
    while len(names) > NAMES_KEPT:
        names.popitem(last=False)


def whole_characters(data):
    """Without the beginning of a character at its end."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead >= 0xC0:
            length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data if length == back else data[:-back]
        if lead < 0x80:
            return data
    return data


def write_all(write, data):
    data, done = bytes(data), 0
    while done < len(data):
        done += write(data[done:], done)


def raw_file(stream, descriptor):
    """The unbuffered file of a standard stream, when it can be led elsewhere."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(raw, io.FileIO) or raw.closed or raw.closefd or raw.fileno() != descriptor:
        return None
    return raw


def above_standard(descriptor):
    """Moves it out of 0, 1 and 2, should one of them be free."""
    if descriptor > 2:
        return descriptor
    import fcntl

    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return moved


def widen(pipe):
    with contextlib.suppress(Exception):
        import fcntl

        fcntl.fcntl(pipe, getattr(fcntl, "F_SETPIPE_SZ", 1031), PIPE)


def agent_in(shell):
    """The agent that serves this shell's requests, whatever its age."""
    present = getattr(shell.msg_type_router["execute_request"], "__self__", None)
    return present if hasattr(present, "api") and hasattr(present, "do_hello") else None


def prepare(shell, nonce):
    """Everything that may fail."""
    if sys.implementation.name != "cpython" or not hasattr(signal, "pthread_sigmask"):
        raise RuntimeError("the agent needs CPython on a POSIX system")
    for name in ("msg_type_router", "execute_reply", "clearOutputs", "global_dict", "parse_code_into_nodes"):
        if not hasattr(shell, name):
            raise RuntimeError("this is not the shell that livyd knows: it has no " + name)
    present = agent_in(shell)
    if present is not None and (present.api >= API or present.do_hello()["run"]):
        return present
    return Agent(shell, nonce)


def install(nonce, _as_statement):
    """Two phases: what may fail, then one swap. Returns the greeting as one line of JSON.

    It may run on any thread, beside a cell: what needs the main thread waits for the next request.
    """
    try:
        shell = sys.modules["__main__"]
        agent = prepare(shell, nonce)
        if agent is not agent_in(shell):
            module = types.ModuleType("livyd_agent", __doc__)
            module.agent = agent
            sys.modules["livyd_agent"] = module
            agent.take_over()
        return json.dumps(agent.do_hello()).encode("ascii")
    except Exception as error:
        return json.dumps({"error": "%s: %s" % (type(error).__name__, error)}).encode("ascii")
