"""A Livy that misbehaves on purpose, for what a real one cannot be made to do; serves on loopback.

`answers` maps code to a statement's output; `Behaviour` says what is wrong with this one.
"""

import json
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SESSION_FIELDS = {"appId": None, "owner": None, "proxyUser": None, "appInfo": {}, "ttl": None,
                  "idleTimeout": None, "conf": {}, "jars": [], "pyFiles": [], "files": []}
VERSION = {"url": "livy", "branch": "HEAD", "revision": "fake", "version": "0.9.0-incubating",
           "date": "2026-01-01T00:00:00Z", "user": ""}

CANCELLED = {"status": "error", "execution_count": 0, "ename": "KeyboardInterrupt", "evalue": "",
             "traceback": []}


def ok(text):
    return {"status": "ok", "execution_count": 0, "data": {"text/plain": text}}


class Piecewise:
    """A big JSON string value, made while it is sent: `count` times `piece`."""

    def __init__(self, piece, count):
        self.piece, self.count = piece, count

    def characters(self):
        return len(self.piece) * self.count


class Behaviour:
    """A Livy that behaves. Others override what they do wrong."""

    def session_state(self, session):
        return "idle"

    def log(self, session):
        return ["stdout: ", "\nstderr: "]

    def output(self, code):
        return ok("")

    def fields(self, session):
        """More of what the session's answer says."""
        return {}

    def intercept(self, request):
        """True when this has answered the request itself."""
        return False


class WebPage(Behaviour):
    """Every address shows a sign-in page, as a gateway without a cookie does."""

    def intercept(self, request):
        request.answer(200, "<html><head><title>Sign in</title></head><body>who?</body></html>",
                       "text/html;charset=utf-8")
        return True


class AnotherService(Behaviour):
    """Some other JSON service."""

    def intercept(self, request):
        request.answer(404, json.dumps({"error": "no such resource"}))
        return True


class Refuses(Behaviour):
    def __init__(self, status):
        self.status = status

    def intercept(self, request):
        request.answer(self.status, "<html><head><title>Error</title></head></html>", "text/html")
        return True


class DiesWhileStarting(Behaviour):
    def session_state(self, session):
        session["looks"] = session.get("looks", 0) + 1
        return "starting" if session["looks"] < 3 else "dead"

    def log(self, session):
        return ["stdout: ", "\nstderr: ",
                "Exception in thread main java.lang.OutOfMemoryError: Too small maximum heap"]


class Answers(Behaviour):
    """Each statement's output is what `output` makes of its code."""

    def __init__(self, output):
        self.output = output


class Quiet(ThreadingHTTPServer):
    """Clients that speak the wrong protocol or leave early are what it is here for."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class FakeLivy:
    """Serves until `close`. `requests` holds (method, path, body) of all it was asked; `sent`
    counts the pieces of big answers that the network took."""

    def __init__(self, behaviour=None, certificate=None):
        self.behaviour = behaviour or Behaviour()
        self.requests, self.sessions, self.lock = [], {}, threading.Lock()
        self.sent = 0
        livy = self

        class Handler(Request):
            server_livy = livy

        self.server = Quiet(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
            scheme = "https"
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def asked(self, method, pattern):
        return [entry for entry in list(self.requests)
                if entry[0] == method and re.fullmatch(pattern, entry[1].split("?")[0])]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_livy = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, content_type="application/json;charset=utf-8"):
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def respond(self):
        livy = self.server_livy
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        livy.requests.append((self.command, self.path, body))
        if livy.behaviour.intercept(self):
            return
        path = self.path.split("?")[0]
        with livy.lock:
            for method, pattern, function in ROUTES:
                found = re.fullmatch(pattern, path)
                if found and method == self.command:
                    return function(self, livy, body, *found.groups())
        self.answer(404, "", "text/html;charset=utf-8")

    do_GET = do_POST = do_DELETE = respond

    def version(self, livy, body):
        self.answer(200, VERSION)

    def session_list(self, livy, body):
        views = [self.view(livy, session) for session in livy.sessions.values()]
        self.answer(200, {"from": 0, "total": len(views), "sessions": views})

    def create(self, livy, body):
        asked = json.loads(body)
        id = len([1 for entry in livy.requests if entry[:2] == ("POST", "/sessions")]) - 1
        livy.sessions[id] = {"id": id, "name": asked.get("name"), "kind": asked.get("kind"),
                             "statements": [], "cancelled": set()}
        self.answer(201, self.view(livy, livy.sessions[id]) | {"state": "starting"})

    def view(self, livy, session):
        shown = {key: session[key] for key in ("id", "name", "kind")}
        return {**SESSION_FIELDS, **shown, "state": livy.behaviour.session_state(session),
                "log": livy.behaviour.log(session), **livy.behaviour.fields(session)}

    def found(self, livy, name):
        for session in livy.sessions.values():
            if name in (str(session["id"]), session["name"]):
                return session
        self.answer(404, {"msg": f"Session '{name}' not found."})
        return None

    def session(self, livy, body, name):
        if session := self.found(livy, name):
            self.answer(200, self.view(livy, session))

    def state(self, livy, body, name):
        if session := self.found(livy, name):
            self.answer(200, {"id": session["id"], "state": livy.behaviour.session_state(session)})

    def log(self, livy, body, name):
        if session := self.found(livy, name):
            lines = livy.behaviour.log(session)
            self.answer(200, {"id": session["id"], "from": 0, "total": len(lines), "log": lines})

    def delete(self, livy, body, name):
        if session := self.found(livy, name):
            del livy.sessions[session["id"]]
            self.answer(200, {"msg": "deleted"})

    def post_statement(self, livy, body, name):
        if session := self.found(livy, name):
            code = json.loads(body)["code"]
            id = len(session["statements"])
            session["statements"].append(code)
            self.answer(201, {"id": id, "code": code, "state": "waiting", "output": None,
                              "progress": 0.0, "started": 0, "completed": 0})

    def statement(self, livy, body, name, id):
        session = self.found(livy, name)
        if session is None:
            return
        if int(id) >= len(session["statements"]):
            return self.answer(404, json.dumps("Statement not found"))
        code = session["statements"][int(id)]
        cancelled = int(id) in session["cancelled"]
        output = CANCELLED if cancelled else livy.behaviour.output(code)
        now = int(time.time() * 1000)
        if output is None:
            self.answer(200, {"id": int(id), "code": code, "state": "running", "output": None,
                              "progress": 0.0, "started": now, "completed": 0})
        else:
            state = "cancelled" if cancelled else "available"
            self.send_output({"id": int(id), "code": code, "state": state, "output": output,
                              "progress": 1.0, "started": now, "completed": now})

    def send_output(self, statement):
        big = []

        def stand_in(value):
            big.append(value)
            return "<big>"

        text = json.dumps(statement, default=stand_in)
        if not big:
            return self.answer(200, text)
        before, after = (part.encode() for part in text.split('"<big>"'))
        piece = json.dumps(big[0].piece, ensure_ascii=False)[1:-1].encode()
        length = len(before) + len(after) + 2 + len(piece) * big[0].count
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(before + b'"')
        for _ in range(big[0].count):
            self.wfile.write(piece)
            self.server_livy.sent += 1
        self.wfile.write(b'"' + after)

    def cancel(self, livy, body, name, id):
        if session := self.found(livy, name):
            session["cancelled"].add(int(id))
            self.answer(200, {"msg": "canceled"})


ROUTES = [
    ("GET", "/version", Request.version),
    ("GET", "/sessions", Request.session_list),
    ("POST", "/sessions", Request.create),
    ("GET", "/sessions/([^/]+)", Request.session),
    ("DELETE", "/sessions/([^/]+)", Request.delete),
    ("GET", "/sessions/([^/]+)/state", Request.state),
    ("GET", "/sessions/([^/]+)/log", Request.log),
    ("POST", "/sessions/([^/]+)/connect", Request.session),
    ("POST", "/sessions/([^/]+)/statements", Request.post_statement),
    ("GET", r"/sessions/([^/]+)/statements/(\d+)", Request.statement),
    ("POST", r"/sessions/([^/]+)/statements/(\d+)/cancel", Request.cancel),
]
