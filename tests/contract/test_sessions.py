"""Sessions: what can be asked for, how they are found, and what is refused."""

import uuid

import pytest

FIELDS = {"id", "name", "appId", "owner", "proxyUser", "state", "kind", "appInfo", "log", "ttl",
          "idleTimeout", "driverMemory", "driverCores", "executorMemory", "executorCores", "conf",
          "archives", "files", "heartbeatTimeoutInSecond", "jars", "numExecutors", "pyFiles", "queue"}


def test_a_session_is_found_by_id_and_by_name(server):
    name = "contract-" + uuid.uuid4().hex[:8]
    session = server.client.create(name=name)
    by_id, by_name = session.view(), server.client.get("/sessions/" + name).json()
    assert by_id["name"] == by_name["name"] == name and by_id["id"] == by_name["id"]
    assert set(by_id) == FIELDS
    session.delete()
    assert server.client.get("/sessions/" + name).status_code == 404


def test_ids_are_never_used_twice(embedded):
    first = embedded.client.create()
    first.delete()
    second = embedded.client.create()
    assert second.id > first.id
    second.delete()


@pytest.mark.parametrize("kind", ["pyspark", "python"])
def test_python_kinds_are_shown_as_pyspark(embedded, kind):
    session = embedded.client.create(kind=kind)
    assert session.view()["kind"] == "pyspark"
    session.delete()


def test_what_was_asked_for_is_shown(embedded):
    asked = {"driverMemory": "2g", "executorCores": 3, "numExecutors": 4, "executorMemory": "1g",
             "queue": "default", "conf": {"spark.a": "b"}, "ttl": "10m", "idleTimeout": "5m",
             "heartbeatTimeoutInSecond": 0}
    session = embedded.client.create(**asked)
    view = session.view()
    assert {key: view[key] for key in asked} == asked
    session.delete()


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{" * 3000, b'"text"', b"1", b"[{}]"])
def test_a_bad_body_is_refused_and_harms_nothing(server, body):
    answer = server.client.request("POST", "/sessions", data=body,
                                   headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 500), answer.text
    assert server.client.get("/version").status_code == 200


def test_a_method_that_is_not_offered_is_405(server):
    assert server.client.request("PUT", "/sessions").status_code == 405
    assert server.client.request("DELETE", "/version").status_code == 405


def test_the_list_pages(embedded):
    sessions = [embedded.client.create() for _ in range(3)]
    ids = [session.id for session in sessions]
    listed = embedded.client.get("/sessions?from=1&size=1").json()
    assert (listed["from"], listed["total"]) == (1, 3)
    assert [one["id"] for one in listed["sessions"]] == ids[1:2]
    assert [one["id"] for one in embedded.client.get("/sessions").json()["sessions"]] == ids
    for session in sessions:
        session.delete()


def test_sessions_do_not_see_each_other(embedded):
    one, two = embedded.client.create().wait_idle(), embedded.client.create().wait_idle()
    one.run("mine = 1")
    assert two.run("mine")["ename"] == "NameError"
    slow = one.post("import time; time.sleep(30)")
    one.wait_state(slow, "running")
    assert two.text("'free'") == "'free'"
    one.delete(), two.delete()


def test_a_python_that_does_not_exist_makes_a_dead_session_that_says_why(tmp_path):
    from conversation.client import Session, wait_for
    from conversation.server import EmbeddedServer
    server = EmbeddedServer(str(tmp_path), "/no/such/python")
    try:
        answer = server.client.post("/sessions", {"kind": "pyspark"})
        if answer.status_code != 201:
            assert answer.status_code in (400, 500) and "/no/such/python" in answer.text
            return
        session = Session(server.client, answer.json()["id"])
        wait_for(lambda: session.state() in ("dead", "error", "killed"), "the session to be dead")
        assert any("/no/such/python" in line for line in session.log())
    finally:
        server.close()
