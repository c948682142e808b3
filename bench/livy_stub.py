"""A Livy with one idle session whose every statement has the same answer of a chosen size, sent as
fast as the socket takes it. For bench/run: what is measured is the client.
"""
import http.server
import json
import re
import threading

PIECE = 256 * 1024


def answer(size):
    """The JSON of a finished statement, `size` bytes long, with escapes and longer characters."""
    line = "|  1|caf\\u00e9|\\\"quoted\\\"|日本|🙂|plain text in a row of a table|\\n".encode()
    head = (b'{"id":0,"code":"df.show()","state":"available","progress":1.0,"started":1,"completed":2,'
            b'"output":{"status":"ok","execution_count":0,"data":{"text/plain":"')
    tail = b'"}}}'
    room = size - len(head) - len(tail)
    return head + line * (room // len(line)) + b"x" * (room % len(line)) + tail


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    session = {"id": 0, "name": None, "state": "idle", "kind": "pyspark", "appId": None, "owner": None,
               "proxyUser": None, "appInfo": {}, "log": []}

    def reply(self, body, status=200):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        view = memoryview(body)
        for start in range(0, len(view), PIECE):
            self.wfile.write(view[start:start + PIECE])

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/version":
            self.reply({"version": "0.9.0-incubating"})
        elif re.fullmatch(r"/sessions/[^/]+/statements/\d+", path):
            self.reply(self.server.answer)
        elif path == "/sessions":
            self.reply({"from": 0, "total": 1, "sessions": [self.session]})
        elif re.fullmatch(r"/sessions/[^/]+/state", path):
            self.reply({"id": 0, "state": "idle"})
        elif re.fullmatch(r"/sessions/[^/]+/log", path):
            self.reply({"id": 0, "from": 0, "total": 0, "log": []})
        elif re.fullmatch(r"/sessions/[^/]+", path):
            self.reply(self.session)
        else:
            self.reply({"msg": "not found"}, status=404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if self.path == "/sessions":
            Handler.session = {**self.session, "name": body.get("name")}
            self.reply(self.session, status=201)
        elif self.path.endswith("/statements"):
            self.reply({"id": 0, "code": body["code"], "state": "waiting", "output": None,
                        "progress": 0.0, "started": 0, "completed": 0}, status=201)
        else:
            self.reply({"msg": "ok"})

    def do_DELETE(self):
        self.reply({"msg": "deleted"})

    def log_message(self, *words):
        pass


class Livy:
    """`with Livy(size) as url:` serves on the loopback interface."""

    def __init__(self, size):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.answer = answer(size)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.url

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
