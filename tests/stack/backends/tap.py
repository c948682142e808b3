"""A reverse proxy that changes nothing but may add a header, and remembers what arrived; secrets in memory only."""
import contextlib
import dataclasses
import re
import socket
import threading
import typing

LARGEST_HEAD = 256 * 1024
SHORTEST_SECRET = 12


@dataclasses.dataclass
class Arrived:
    """One request as it came in. `scheme` is the first word of Authorization, `status` what was answered."""

    method: str
    target: str
    scheme: str = ""
    cookie: bool = False
    expect: bool = False
    status: typing.Optional[int] = None

    @property
    def path(self):
        return self.target.partition("?")[0]


def negotiations(arrived, prefix=""):
    """How many of the requests whose path begins with `prefix` carried `Authorization: Negotiate`."""
    return sum(one.scheme == "Negotiate" and one.path.startswith(prefix) for one in arrived)


def field(head, name):
    """A header's value out of a request's head, "" when it is not there."""
    found = re.search(rb"\r\n" + name.encode() + rb":[ \t]*([^\r\n]*)", head, re.IGNORECASE)
    return found.group(1).decode("latin-1") if found else ""


class Tap:
    """Listens on a free loopback port and passes all on to `port`. `bearer` replaces every Authorization."""

    def __init__(self, port, bearer=None):
        self.requests = []
        self.secrets = set()  # tokens and cookies as they went by, for who looks whether they leaked
        self._upstream = port
        self._bearer = bearer
        self.answers_pass = threading.Event()
        self.answers_pass.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def negotiations(self, prefix=""):
        return negotiations(self.requests, prefix)

    def keep_secret(self, value):
        """A token, or a cookie with its name."""
        value = value.strip().partition("=")[2] if re.match(r"[\w.]+=[^=]", value) else value
        if len(value.strip('"')) >= SHORTEST_SECRET:
            self.secrets.add(value.strip('"'))

    @contextlib.contextmanager
    def held(self):
        """Requests arrive and are worked on, but no answer comes out before the end of the with block."""
        self.answers_pass.clear()
        try:
            yield
        finally:
            self.answers_pass.set()

    def close(self):
        self.answers_pass.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            upstream = socket.create_connection(("127.0.0.1", self._upstream), timeout=20)
        except OSError:
            client.close()
            return
        upstream.settimeout(None)
        conversation = _Conversation(self, client, upstream)
        threading.Thread(target=conversation.pass_answers, daemon=True).start()
        conversation.pass_requests()

    def arriving(self, head):
        """Remembers a request; returns its head as it is passed on, and the record."""
        method, target = head.split(b" ", 2)[:2]
        one = Arrived(
            method.decode("latin-1"), target.decode("latin-1"), field(head, "Authorization").partition(" ")[0],
            bool(field(head, "Cookie")), bool(field(head, "Expect")))
        self.requests.append(one)
        for value in (field(head, "Authorization").partition(" ")[2], *field(head, "Cookie").split("; ")):
            self.keep_secret(value)
        if self._bearer:
            head = re.sub(rb"\r\nAuthorization:[^\r\n]*", b"", head, flags=re.IGNORECASE)
            first, rest = head.split(b"\r\n", 1)
            head = first + f"\r\nAuthorization: Bearer {self._bearer}\r\n".encode() + rest
        return head, one


class _Conversation:
    """One connection. Nobody pipelines: the first line after a request's head is its answer's."""

    def __init__(self, tap, client, upstream):
        self._tap, self._client, self._upstream = tap, client, upstream
        self._unread = b""
        self._unanswered = None

    def pass_requests(self):
        try:
            while head := self._read_until(b"\r\n\r\n"):
                head, one = self._tap.arriving(head)
                self._unanswered = one
                self._upstream.sendall(head)
                self._pass_body(head)
        except OSError:
            pass
        # Half closed: the answer that is under way still arrives.
        _shut(self._upstream, socket.SHUT_WR)

    def _pass_body(self, head):
        if "chunked" in field(head, "Transfer-Encoding").lower():
            self._pass_chunks()
        else:
            self._pass_bytes(int(field(head, "Content-Length") or 0))

    def _pass_chunks(self):
        size = None
        while size != 0:
            line = self._read_until(b"\r\n")
            if not line:
                return
            self._upstream.sendall(line)
            size = int(line.split(b";")[0], 16)
            if size:
                self._pass_bytes(size + 2)
        while line := self._read_until(b"\r\n"):
            self._upstream.sendall(line)
            if line == b"\r\n":
                return

    def _pass_bytes(self, left):
        while left:
            piece = self._unread[:left] or self._client.recv(min(left, 65536))
            if not piece:
                raise OSError("the client went away in the middle of a body")
            self._unread = self._unread[len(piece):]
            self._upstream.sendall(piece)
            left -= len(piece)

    def _read_until(self, end):
        while end not in self._unread:
            piece = self._client.recv(65536)
            if not piece or len(self._unread) > LARGEST_HEAD:
                return b""
            self._unread += piece
        head, self._unread = self._unread.split(end, 1)
        return head + end

    def pass_answers(self):
        try:
            while piece := self._upstream.recv(65536):
                self._tap.answers_pass.wait()
                self._note_status(piece)
                for cookie in re.findall(rb"\r\nSet-Cookie:[ \t]*([^;\r\n]*)", piece, re.IGNORECASE):
                    self._tap.keep_secret(cookie.decode("latin-1"))
                self._client.sendall(piece)
        except OSError:
            pass
        for end in (self._client, self._upstream):
            _shut(end, socket.SHUT_RDWR)
            end.close()

    def _note_status(self, piece):
        for found in re.finditer(rb"(?:^|\r\n\r\n)HTTP/1\.[01] (\d{3})", piece):
            if self._unanswered and not found.group(1).startswith(b"1"):
                self._unanswered.status, self._unanswered = int(found.group(1)), None
                return


def _shut(end, how):
    try:
        end.shutdown(how)
    except OSError:
        pass
