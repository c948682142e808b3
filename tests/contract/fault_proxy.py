"""A proxy in front of a Livy whose network fails as it is told to, request by request.

One `FaultProxy` is a thread; each of its doors is an address of its own that leads to one server, with
its own faults, holes and journal of what arrived. It adds the server's token, so that profiles need none.
"""

import asyncio
import itertools
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

HEAD_LIMIT = 1 << 20
CALL_SECONDS = 20
LOGIN_PAGE = b"<html><head><title>Sign in</title></head><body>Who are you?</body></html>"


@dataclass
class Message:
    """One HTTP message, its body as it came over the wire (chunked stays chunked)."""

    first_line: str
    headers: list  # (name, value) in order
    body: bytes = b""

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)

    def head(self):
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def method(self):
        return self.first_line.split(" ")[0]

    @property
    def target(self):
        return self.first_line.split(" ")[1]

    @property
    def status(self):
        return int(self.first_line.split(" ")[1])


@dataclass
class Arrived:
    """One request as a door saw it. `fault` is what was done to it, or None."""

    number: int
    at: float  # time.monotonic()
    method: str
    path: str
    body: bytes
    fault: str = None
    forwarded: bool = False  # it reached the server
    status: int = None  # what the server answered
    answered: bool = False  # the client was given the whole answer


@dataclass(eq=False)
class Fault:
    """What to do to the requests that match, from the `nth` one on, `times` times.

    `what` names a coroutine below: drop_before, drop_after, late, cut, delay, hold_request, hold_answer,
    bad_gateway, unavailable, login. `delivered`: the request reaches the server before the three answers of
    a gateway's own. `reset`: a drop is a reset, not an end. `then(arrived)` is called, on a thread of its
    own, when the server's part is over and before the client learns anything.
    """

    what: str
    method: str = "POST"
    path: str = ".*"
    body: str = ""
    nth: int = 1
    times: int = 1
    seconds: float = 0
    delivered: bool = False
    reset: bool = False
    then: object = None
    seen: int = 0
    fired: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        assert self.what in FAULTS, self.what
        self.released = threading.Event()

    def matches(self, request, path):
        if request.method != self.method or not re.fullmatch(self.path, path.split("?")[0]):
            return False
        if self.body.encode() not in request.body:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    def release(self):
        """What is held goes on."""
        self.released.set()


class FaultProxy:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="fault proxy")
        self.thread.start()
        self.doors = []

    def door(self, url, token=None):
        self.doors.append(Door(self, url, token))
        return self.doors[-1]

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(CALL_SECONDS)

    def close(self):
        for door in self.doors:
            self.call(door.shut())
        self.call(self.cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(CALL_SECONDS)
        self.loop.close()

    async def cancel_all(self):
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


class Door:
    """One address of the proxy. Its methods without `async` are for the test's threads."""

    def __init__(self, proxy, url, token):
        self.proxy, self.token = proxy, token
        self.upstream = urllib.parse.urlsplit(url)
        self.faults, self.journal, self.connections = [], [], set()
        self.swallowed = 0  # messages that a black hole has taken
        self.numbers = itertools.count(1)
        self.swallow = None  # set while the door is a black hole: an event for its end
        self.server, self.port = None, 0
        proxy.call(self.listen())
        self.url = f"http://127.0.0.1:{self.port}"

    # ------------------------------------------------------------ for the tests

    def add(self, fault):
        self.faults.append(fault)
        return fault

    def arrived(self, method, path, body=""):
        return [one for one in list(self.journal)
                if one.method == method and re.fullmatch(path, one.path.split("?")[0])
                and body.encode() in one.body]

    def refuse(self):
        """From now on connections are refused; those that stand are reset."""
        self.proxy.call(self.shut())

    def blackhole(self):
        """From now on connections are accepted and nothing is ever answered, nor reaches the server."""
        self.proxy.call(self.open_hole())

    def come_back(self, reset=True):
        """The network is as it was. What a black hole swallowed is reset, or stays silent for ever."""
        self.proxy.call(self.listen(reset))

    # ------------------------------------------------------------ holes

    async def listen(self, reset=True):
        if self.swallow and reset:
            self.swallow.set()
        self.swallow = None
        if self.server is None:
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, limit=HEAD_LIMIT)
            self.port = self.server.sockets[0].getsockname()[1]

    async def shut(self):
        if self.server:
            self.server.close()
            self.server = None
        for writer in list(self.connections):
            drop(writer, reset=True)

    async def open_hole(self):
        self.swallow = asyncio.Event()

    async def pass_hole(self):
        """Returns False when a black hole has swallowed what was under way."""
        if not self.swallow:
            return True
        self.swallowed += 1
        await self.swallow.wait()
        return False

    # ------------------------------------------------------------ one connection

    async def serve(self, reader, writer):
        if self.server is None:  # accepted in the moment in which the door was shut
            return drop(writer, reset=True)
        self.connections.add(writer)
        upstream = Upstream(self)
        try:
            while await self.exchange(reader, writer, upstream):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # asyncio's streams would complain of a cancelled task: the proxy is being closed
        finally:
            self.connections.discard(writer)
            upstream.close()
            drop(writer)

    async def exchange(self, reader, writer, upstream):
        """One request; returns whether the connection goes on."""
        request = await read_message(reader)
        if not await self.pass_hole():
            drop(writer, reset=True)
            return False
        arrived = Arrived(next(self.numbers), time.monotonic(), request.method, request.target, request.body)
        fault = self.fault_for(request)
        arrived.fault = fault.what if fault else None
        self.journal.append(arrived)
        what = Doing(self, request, arrived, fault, writer, upstream)
        if fault is None:
            await what.answer(await what.forward())
            return not writer.is_closing()
        fault.fired.set()
        try:
            await FAULTS[fault.what](what)
        finally:
            fault.done.set()
        return not writer.is_closing()

    def fault_for(self, request):
        matching = [fault for fault in list(self.faults) if fault.matches(request, request.target)]
        return matching[0] if matching else None


class Upstream:
    """The way to the server for one client's connection. Only a GET reuses it, and may be repeated."""

    def __init__(self, door):
        self.door, self.reader, self.writer = door, None, None

    async def ask(self, request):
        if request.method == "GET" and self.writer:
            try:
                return await self.send(request)
            except (OSError, asyncio.IncompleteReadError):
                pass
        self.close()
        await self.connect()
        return await self.send(request)

    async def connect(self):
        to = self.door.upstream
        secure = ssl.create_default_context() if to.scheme == "https" else None
        self.reader, self.writer = await asyncio.open_connection(
            to.hostname, to.port or (443 if secure else 80), ssl=secure, limit=HEAD_LIMIT)

    async def send(self, request):
        self.writer.write(request.head() + request.body)
        await self.writer.drain()
        answer = await read_message(self.reader, answer=True)
        if (answer.header("connection") or "").lower() == "close":
            self.close()
        return answer

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


class Doing:
    """One request on its way, and what can be done to it."""

    def __init__(self, door, request, arrived, fault, writer, upstream):
        self.door, self.request, self.arrived, self.fault = door, request, arrived, fault
        self.writer, self.upstream = writer, upstream

    async def forward(self):
        """The server's answer. It asks on, whoever leaves."""
        to = self.door.upstream
        headers = [(name, value) for name, value in self.request.headers
                   if name.lower() not in ("host", "expect", "authorization" if self.door.token else "host")]
        headers.append(("Host", to.netloc))
        if self.door.token:
            headers.append(("Authorization", "Bearer " + self.door.token))
        line = f"{self.request.method} {to.path.rstrip('/')}{self.request.target} HTTP/1.1"
        self.arrived.forwarded = True
        answer = await self.upstream.ask(Message(line, headers, self.request.body))
        self.arrived.status = answer.status
        return answer

    async def answer(self, message):
        if not await self.door.pass_hole():
            return self.drop()
        self.writer.write(message.head() + message.body)
        await self.writer.drain()
        self.arrived.answered = True

    async def own_answer(self, status, body, *headers):
        if self.fault.delivered:
            await self.forward()
        await self.then()
        await self.answer(Message(f"HTTP/1.1 {status}", [
            ("Content-Type", "text/html;charset=utf-8"), ("Content-Length", str(len(body))), *headers], body))

    async def then(self):
        if self.fault.then:
            await asyncio.get_running_loop().run_in_executor(None, self.fault.then, self.arrived)

    async def released(self):
        while not self.fault.released.is_set():
            await asyncio.sleep(0.002)

    def drop(self):
        drop(self.writer, self.fault is not None and self.fault.reset)


async def drop_before(what):
    await what.then()
    what.drop()


async def drop_after(what):
    await what.forward()
    await what.then()
    what.drop()


async def late(what):
    what.drop()
    await what.then()
    await asyncio.sleep(what.fault.seconds)
    await what.forward()


async def cut(what):
    answer = await what.forward()
    await what.then()
    what.writer.write(answer.head() + answer.body[:len(answer.body) // 2])
    await what.writer.drain()
    what.writer.close()


async def delay(what):
    await asyncio.sleep(what.fault.seconds)
    await what.answer(await what.forward())


async def hold_request(what):
    await what.released()
    await what.answer(await what.forward())


async def hold_answer(what):
    answer = await what.forward()
    await what.released()
    await what.answer(answer)


async def bad_gateway(what):
    await what.own_answer("502 Bad Gateway", b"<html><h1>502 Bad Gateway</h1></html>")


async def unavailable(what):
    await what.own_answer("503 Service Unavailable", b"<html><h1>503 Try again later</h1></html>",
                          ("Retry-After", "1"))


async def login(what):
    await what.own_answer("200 OK", LOGIN_PAGE)


FAULTS = {one.__name__: one for one in (drop_before, drop_after, late, cut, delay, hold_request, hold_answer,
                                        bad_gateway, unavailable, login)}


def drop(writer, reset=False):
    """Ends a connection at once, with FIN or with RST."""
    if writer.transport.is_closing():
        return
    if reset:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_message(reader, answer=False):
    first_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines if line]
    message = Message(first_line, headers)
    length = message.header("content-length")
    if "chunked" in (message.header("transfer-encoding") or "").lower():
        message.body = await read_chunks(reader)
    elif length is not None:
        message.body = await reader.readexactly(int(length))
    elif answer and message.status not in (204, 304):
        message.body = await reader.read(-1)
    return message


async def read_chunks(reader):
    raw = []
    while True:
        raw.append(await reader.readuntil(b"\r\n"))
        size = int(raw[-1].split(b";")[0], 16)
        raw.append(await reader.readexactly(size + 2))
        if size == 0:
            return b"".join(raw)
