"""The embedded endpoint serves its user and nobody else."""

import json
import os
import re
import socket

import pytest
import requests
from conversation.client import Client

PATHS = ["/version", "/sessions", "/sessions/0", "/sessions/0/statements/0", "/batches", "/", "/nope"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}",
                                           "{token}", "Bearer {token}x", "Bearer {short}"])
def test_without_the_token_everything_is_401(embedded_for_module, path, authorization):
    server = embedded_for_module
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(token=server.token, short=server.token[:-1])
    answer = requests.get(server.url + path, headers=headers, timeout=20, allow_redirects=False)
    assert answer.status_code == 401
    assert server.token not in answer.text


@pytest.fixture(scope="module")
def embedded_for_module(tmp_path_factory, plain_python):
    from conversation.server import EmbeddedServer
    server = EmbeddedServer(str(tmp_path_factory.mktemp("security")), plain_python)
    yield server
    server.close()


def test_a_post_without_the_token_does_nothing(embedded_for_module):
    server = embedded_for_module
    answer = Client(server.url).post("/sessions", {"kind": "pyspark"})
    assert answer.status_code == 401
    assert server.client.get("/sessions").json()["total"] == 0


def test_the_token_in_the_query_does_not_count(embedded_for_module):
    server = embedded_for_module
    assert requests.get(f"{server.url}/version?token={server.token}", timeout=20).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "http://127.0.0.1"])
def test_a_request_of_a_web_page_is_refused(embedded_for_module, origin):
    server = embedded_for_module
    answer = server.client.get("/version", headers={"Origin": origin})
    assert answer.status_code == 403
    answer = server.client.request("POST", "/sessions", json={}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert server.client.get("/sessions").json()["total"] == 0
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "10.0.0.1:{port}",
                                  "127.0.0.1.evil.example", "localhost.evil.example:{port}",
                                  "0.0.0.0:{port}"])
def test_another_host_name_is_refused(embedded_for_module, host):
    server = embedded_for_module
    port = server.url.rsplit(":", 1)[1]
    answer = server.client.get("/version", headers={"Host": host.format(port=port)})
    assert answer.status_code in (400, 403, 421)


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_the_loopback_names_are_served(embedded_for_module, host):
    server = embedded_for_module
    port = server.url.rsplit(":", 1)[1]
    answer = server.client.get("/version", headers={"Host": host.format(port=port)})
    assert answer.status_code == 200


def test_it_listens_on_the_loopback_interface_only(embedded_for_module):
    server = embedded_for_module
    port = int(server.url.rsplit(":", 1)[1])
    listening = []
    for table, loopback in (("/proc/net/tcp", "0100007F"), ("/proc/net/tcp6", "0" * 24 + "01000000")):
        with open(table) as rows:
            for row in list(rows)[1:]:
                address, state = row.split()[1], row.split()[3]
                if state == "0A" and address.endswith(f":{port:04X}"):
                    listening.append(address.rsplit(":", 1)[0] == loopback)
    assert listening and all(listening)


def test_the_first_line_is_the_address_and_nothing_else(embedded_for_module):
    server = embedded_for_module
    address = json.loads(server.first_line)
    assert set(address) == {"url", "token"}
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address["url"])
    assert len(address["token"]) >= 32


def test_two_endpoints_have_two_tokens(embedded_for_module, embedded):
    assert embedded.token != embedded_for_module.token
    assert Client(embedded.url, embedded_for_module.token).get("/version").status_code == 401


def test_the_token_reaches_neither_the_session_nor_a_log(embedded_for_module):
    server = embedded_for_module
    session = server.client.create().wait_idle()
    code = "import os, sys\nprint(dict(os.environ), sys.argv, open('/proc/self/cmdline').read())"
    assert server.token not in session.text(code)
    assert server.token not in "\n".join(session.log())
    session.delete()
    with open(server.log_path, errors="replace") as log:
        assert server.token not in log.read()
    with open(f"/proc/{server.process.pid}/cmdline", "rb") as line:
        assert server.token.encode() not in line.read()


@pytest.mark.parametrize("garbage", [
    b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 300000,
    b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"],
    ids=["nothing", "no path", "TLS", "negative length", "endless header", "endless body"])
def test_garbage_is_answered_or_closed_and_harms_nothing(embedded_for_module, garbage):
    server = embedded_for_module
    port = int(server.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            reply = connection.recv(65536)
        except ConnectionError:
            reply = b""
        assert reply == b"" or re.match(rb"HTTP/1\.[01] [45]\d\d ", reply), reply
    assert server.client.get("/version").status_code == 200


def test_a_caller_that_says_nothing_does_not_hold_up_others(embedded_for_module):
    server = embedded_for_module
    port = int(server.url.rsplit(":", 1)[1])
    silent = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(50)]
    try:
        assert server.client.get("/version").status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_a_session_does_not_inherit_the_endpoints_sockets(embedded_for_module):
    server = embedded_for_module
    session = server.client.create().wait_idle()
    port = int(server.url.rsplit(":", 1)[1])
    code = "import os\nprint([os.readlink('/proc/self/fd/' + f) for f in os.listdir('/proc/self/fd') " \
           "if os.path.exists('/proc/self/fd/' + f)])"
    inodes = set(re.findall(r"socket:\[(\d+)\]", session.text(code)))
    listening = set()
    with open("/proc/net/tcp") as rows:
        for row in list(rows)[1:]:
            fields = row.split()
            if fields[1].endswith(f":{port:04X}"):
                listening.add(fields[9])
    assert listening and not inodes & listening
    session.delete()
    assert os.path.exists(f"/proc/{server.process.pid}")
