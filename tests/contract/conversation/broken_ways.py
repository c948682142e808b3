"""Ways to a server that are broken at one link each, for the doctor; everything is on the loopback."""

import json
import socket
import ssl
import subprocess
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from . import fake_livy as fake

AUTHORITY = "Example Root CA"
CA_CONFIGURATION = """[ca]
default_ca = own
[own]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """Issues certificates whose days are chosen; `ca` is what a client must be given to trust it."""

    def __init__(self, folder):
        self.folder, self.ca, self.count = str(folder), str(folder / "ca.pem"), 0
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("01\n")
        (folder / "ca.cnf").write_text(CA_CONFIGURATION.format(folder=folder))
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN={AUTHORITY}",
                     "-out", self.ca, "-keyout", f"{self.folder}/ca.key")

    def issue(self, names="IP:127.0.0.1,DNS:localhost", begin="20200101000000Z", end="20400101000000Z"):
        """The paths of a certificate and its key."""
        self.count += 1
        stem = f"{self.folder}/server-{self.count}"
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Example Gateway", "-addext",
                     f"subjectAltName={names}", "-out", stem + ".csr", "-keyout", stem + ".key")
        self.openssl("ca", "-batch", "-notext", "-config", f"{self.folder}/ca.cnf", "-startdate", begin, "-enddate",
                     end, "-in", stem + ".csr", "-out", stem + ".pem")
        return stem + ".pem", stem + ".key"

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


class Listener:
    """Hands every connection to `meet`, on a thread of its own, until `close`."""

    def __init__(self, meet):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.meet, self.thread = meet, threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            try:
                self.meet(peer)
            except OSError:
                pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


class Nobody:
    """A port that refuses: it is taken, and nobody listens."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


def old_tls(certificate):
    """Speaks TLS 1.0 and nothing newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return Listener(lambda peer: context.wrap_socket(peer, server_side=True))


def strict_proxy():
    """Connects nobody to anything."""

    def meet(peer):
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 403 Blocked by policy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    return Listener(meet)


def silent():
    """Accepts, listens and never says a word."""

    def meet(peer):
        while peer.recv(65536):
            pass

    return Listener(meet)


class Livy(fake.Behaviour):
    """What a real Livy says to questions about sessions that are not there."""

    def intercept(self, request):
        if self.stops(request):
            return True
        if request.path.endswith("/submit-job"):
            name = request.path.split("/")[-2]
            request.answer(404, {"msg": f"Session '{name}' not found."})
            return True
        return False

    def stops(self, request):
        return False


class Guarded(Livy):
    """With Livy's CSRF filter."""

    def stops(self, request):
        if request.command == "GET" or request.headers.get("X-Requested-By"):
            return False
        request.answer(400, "<html><body><h2>HTTP ERROR 400</h2><table><tr><th>MESSAGE:</th><td>Missing Required "
                       "Header for CSRF protection.</td></tr></table></body></html>", "text/html")
        return True


class WithoutJobs(Livy):
    """Behind a gateway that lets submit-job through to nobody."""

    def stops(self, request):
        if not request.path.endswith("/submit-job"):
            return False
        request.answer(403, "<html><title>Forbidden path</title></html>", "text/html")
        return True


class Challenging(Livy):
    """Wants `authorization`, and gives a cookie for it; counts what it was sent instead."""

    def __init__(self, challenge, authorization=None, cookie=None):
        self.challenge, self.authorization, self.cookie, self.refused = challenge, authorization, cookie, []

    def stops(self, request):
        sent = request.headers.get("Authorization")
        finish = request.end_headers
        if sent and sent == self.authorization:
            request.end_headers = lambda: (request.send_header("Set-Cookie", self.cookie), finish())
            return False
        self.refused.append(sent)
        request.end_headers = lambda: (request.send_header("WWW-Authenticate", self.challenge), finish())
        request.answer(401, "<html><title>Sign in</title></html>", "text/html")
        return True


class Passive(Livy):
    """Sends every request to another host."""

    def __init__(self, elsewhere):
        self.elsewhere = elsewhere

    def stops(self, request):
        finish = request.end_headers
        request.end_headers = lambda: (request.send_header("Location", self.elsewhere + request.path), finish())
        request.answer(307, "", "text/html")
        return True


class WebHdfs:
    """A name node and data node in one. `closed`: folders that take no files. `files`: what is there."""

    def __init__(self, closed=()):
        self.closed, self.files, self.deleted = closed, {}, []
        hdfs = self

        class Handler(HdfsRequest):
            owner = hdfs

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhdfs/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class HdfsRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def respond(self):
        parts = urlsplit(self.path)
        query, path = parse_qs(parts.query), parts.path.removeprefix("/webhdfs/v1")
        if query["op"] == ["GETHOMEDIRECTORY"]:
            return self.answer(200, {"Path": "/user/alice"})
        if query["op"] == ["DELETE"]:
            self.owner.deleted.append(path)
            return self.answer(200, {"boolean": self.owner.files.pop(path, None) is not None})
        if query["op"] == ["CREATE"] and "here" not in query:
            return self.answer(307, Location=f"{self.owner.url}{path}?op=CREATE&here=1&delegation=not-to-be-shown")
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        folder = path.rsplit("/", 1)[0]
        if folder in self.owner.closed:
            return self.answer(403, {"RemoteException": {
                "exception": "AccessControlException", "javaClassName": "AccessControlException",
                "message": f'Permission denied: user=alice, access=WRITE, inode="{folder}"'}})
        self.owner.files[path] = content
        return self.answer(201)

    do_GET = do_PUT = do_DELETE = respond
