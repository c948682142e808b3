"""In cluster mode Livy's log stands still: the driver's own is read from YARN's NodeManager, or linked."""

import html
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conversation import fake_livy as fake
from conversation.client import wait_for
from test_logs import INTERRUPTED, OK, Follower

CONTAINER = "container_1763700000000_0001_01_000001"
REST = rf"/ws/v1/node/containers/{CONTAINER}/logs/(stderr|stdout)"
PAGE = rf"/node/containerlogs/{CONTAINER}/livy/(stderr|stdout)/"
TOKEN = "not-for-everybody"


class NodeManager:
    """Keeps one container's streams and shows their ends as YARN 3.3 does; `rest` may be switched off."""

    def __init__(self):
        self.streams, self.rest, self.asked = {"stderr": "", "stdout": ""}, True, []
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                manager.asked.append((self.path, dict(self.headers)))
                path, _, query = self.path.partition("?")
                asked = {name: int(value) for name, value in urllib.parse.parse_qsl(query)}
                if manager.rest and (found := re.fullmatch(REST, path)):
                    return self.answer("application/octet-stream", manager.text(found[1], asked["size"]))
                if found := re.fullmatch(PAGE, path):
                    return self.answer("text/html; charset=utf-8", manager.page(found[1], asked["start"]))
                self.answer("text/html", "<html><pre>nothing here</pre></html>", 404)

            def answer(self, kind, text, status=200):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/node/containerlogs/{CONTAINER}/livy/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def text(self, stream, size):
        assert size < 0
        return (self.streams[stream][size:] + f"\nEnd of LogType:{stream}.This log file belongs to a running "
                f"container ({CONTAINER}) and so may not be complete.\n" + "*" * 70 + "\n\n")

    def page(self, stream, start):
        assert start < 0
        return ("<html><body><p>Showing the end.</p><pre>" + html.escape(self.streams[stream][start:])
                + "</pre></body></html>")

    def write(self, stream, *lines):
        self.streams[stream] += "".join(line + "\n" for line in lines)

    def close(self):
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


class InTheCluster(fake.Behaviour):
    def __init__(self, manager):
        self.manager = manager

    def log(self, session):
        return ["stdout: ", "\nstderr: ", "INFO Client: submitted", "\nYARN Diagnostics: "]

    def fields(self, session):
        return {"appId": "application_1_0001", "appInfo": {"driverLogUrl": self.manager.url}}


class Cluster:
    def __init__(self, home, make_livy):
        self.home, self.manager = home, NodeManager()
        livy = make_livy(InTheCluster(self.manager))
        livy.sessions[3] = {"id": 3, "name": "mine", "kind": "pyspark", "statements": [], "cancelled": set()}
        self.where = ["--url", livy.url, "--session", "mine"]

    def logs(self, *more):
        ended = self.home.run("logs", *self.where, *more, LIVYD_TOKEN=TOKEN)
        assert ended.code == OK, ended
        return ended.out.splitlines()

    def follow(self):
        return Follower(self.home.begin("logs", "-f", *self.where, LIVYD_TOKEN=TOKEN))


@pytest.fixture
def cluster(home, fake_livy):
    made = Cluster(home, fake_livy)
    yield made
    made.manager.close()


def test_the_drivers_own_log_is_part_of_the_log(cluster):
    cluster.manager.write("stderr", "INFO SparkContext: <running> & well")
    cluster.manager.write("stdout", "said by an executor")
    whole = ["[stderr]", "INFO Client: submitted", "[driver stdout]", "said by an executor",
             "[driver stderr]", "INFO SparkContext: <running> & well"]
    assert cluster.logs() == whole
    cluster.manager.rest = False  # as on a YARN that is older than this
    assert cluster.logs() == whole
    assert {re.sub(r"\?.*", "", path) for path, _ in cluster.manager.asked} >= {
        f"/ws/v1/node/containers/{CONTAINER}/logs/stderr", f"/node/containerlogs/{CONTAINER}/livy/stderr/"}


def test_another_server_learns_no_secret(cluster):
    cluster.logs()
    assert cluster.manager.asked
    for path, headers in cluster.manager.asked:
        told = {name.lower() for name in headers}
        assert not told & {"authorization", "cookie", "x-requested-by"}, (path, headers)
        assert TOKEN not in path + str(headers)


def test_the_end_of_a_long_log_says_where_the_rest_is(cluster):
    cluster.manager.write("stderr", *(f"line {n} {'x' * 100}" for n in range(5000)))
    lines = cluster.logs()
    assert lines[-2].startswith("line 4999 ") and len(lines) < 3000
    assert lines[lines.index("[driver stderr]") + 1].startswith("line ")
    assert lines[-1] == f"· There is more of the driver's log at {cluster.manager.url}"


def test_where_it_cannot_be_read_it_is_linked_and_the_reason_is_said(cluster):
    cluster.manager.close()
    lines = cluster.logs()
    assert lines[0] == "INFO Client: submitted"
    (said,) = lines[1:]
    assert f"The driver's log is at {cluster.manager.url} and cannot be read from here: " in said
    assert f"127.0.0.1:{cluster.manager.server.server_address[1]}" in said.split("from here: ")[1]


def test_it_is_followed(cluster):
    cluster.manager.write("stderr", "first")
    follower = cluster.follow()
    follower.wait_for("first")
    cluster.manager.write("stderr", "second")
    cluster.manager.write("stdout", "third")
    follower.wait_for("second")
    follower.wait_for("third")
    assert follower.end() == INTERRUPTED
    assert follower.lines[:2] == ["INFO Client: submitted", "[driver stderr]"]
    assert [line for line in follower.lines if not line.startswith("[")] in (
        ["INFO Client: submitted", "first", "second", "third"],
        ["INFO Client: submitted", "first", "third", "second"])


def test_a_follower_says_once_why_it_cannot_be_read(cluster):
    cluster.manager.close()
    follower = cluster.follow()
    wait_for(lambda: any("cannot be read from here" in line for line in follower.said), "the reason")
    assert follower.end() == INTERRUPTED
    assert sum("cannot be read from here" in line for line in follower.said) == 1
    assert any(cluster.manager.url in line for line in follower.said)
