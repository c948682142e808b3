"""Statements of a session: order, retention, ids, output rules, and what breaks an interpreter."""

import pytest
from conversation.client import FINISHED, wait_for

PIECE = 1_000_000


def test_statements_run_one_after_the_other_in_the_order_of_their_ids(session):
    first = session.post("import time; order = []; time.sleep(0.3); order.append('first')")
    others = [session.post(f"order.append({number})") for number in range(5)]
    assert others == list(range(first + 1, first + 6))
    session.result(others[-1])
    assert session.text("order") == "['first', 0, 1, 2, 3, 4]"


def test_a_statement_behind_a_running_one_waits(session):
    slow = session.post("import time; time.sleep(3)")
    behind = session.post("1")
    session.wait_state(slow, "running")
    waiting = session.statement(behind)
    assert (waiting["state"], waiting["output"], waiting["progress"]) == ("waiting", None, 0.0)
    assert (waiting["started"], waiting["completed"]) == (0, 0)
    assert session.result(behind)["started"] >= session.result(slow)["completed"]


def test_the_newest_hundred_statements_are_retained(server):
    own = server.client.create().wait_idle()
    last = [own.post(f"{number}") for number in range(105)][-1]
    own.result(last)
    listed = server.client.get(own.path + "/statements").json()
    assert listed["total_statements"] == len(listed["statements"]) == 100
    assert listed["statements"][0]["id"] == last - 99
    gone = server.client.get(f"{own.path}/statements/{last - 100}")
    assert (gone.status_code, gone.json()) == (404, "Statement not found")
    own.delete()


def test_a_list_pages_from_both_ends(session):
    session.run("1")
    ids = [one["id"] for one in session.client.get(session.path + "/statements").json()["statements"]]

    def page(query):
        answer = session.client.get(session.path + "/statements?" + query).json()
        assert answer["total_statements"] == len(ids)
        return [one["id"] for one in answer["statements"]]

    assert page("from=0&size=1") == ids[:1]
    assert page("from=0&size=1&order=desc") == ids[:-2:-1]
    assert page(f"from={len(ids) - 1}&size=5") == ids[-1:]
    assert page(f"from={len(ids)}&size=5") == []


def test_text_over_twenty_million_characters_is_replaced_by_an_error(session):
    largest = session.text("print('x' * 20000000)", seconds=120)
    assert len(largest) == 20 * PIECE
    output = session.run("print('x' * 20000001)", seconds=120)
    assert output["status"] == "error"
    assert output["ename"] == "com.fasterxml.jackson.core.exc.StreamConstraintsException"
    assert "20000000" in output["evalue"] or "20000001" in output["evalue"]
    assert session.text("print('still here')") == "still here"


def test_standard_error_follows_standard_output(session):
    code = "import sys\nprint('err', file=sys.stderr)\nprint('out')\nsys.stderr.write('more')"
    assert session.text(code).startswith("out\nerr\nmore")


def test_the_name_of_user_code_is_builtins(session):
    assert session.text("print(__name__, '__file__' in globals())") == "builtins False"


def test_an_error_carries_name_value_and_frames_of_functions(session):
    output = session.run("def inner():\n    raise KeyError('k')\n\ninner()")
    assert output["status"] == "error"
    assert (output["ename"], output["evalue"]) == ("KeyError", "'k'")
    assert output["traceback"][0] == "Traceback (most recent call last):\n"
    assert '  File "<stdin>", line 2, in inner\n' in output["traceback"]
    assert output["traceback"][-1] == "KeyError: 'k'\n"


def test_printed_text_before_an_error(session, server):
    output = session.run("print('kept?')\nraise ValueError('v')")
    assert output["status"] == "error" and output["ename"] == "ValueError"
    if server.strict:
        assert "data" not in output
    else:
        assert output["data"] == {"text/plain": "kept?"}


@pytest.mark.parametrize("ending", ["raise SystemExit(3)", "raise KeyboardInterrupt('x')", "input()",
                                    "exec('(')", "raise BaseException('base')"])
def test_code_cannot_end_the_session(session, ending):
    assert session.run(ending)["status"] == "error"
    assert session.text("1 + 1") == "2"


def test_definitions_live_on(session):
    session.run("kept = {'a': 1}\ndef twice(x):\n    return 2 * x")
    assert session.text("twice(kept['a'])") == "2"


def test_long_code_is_echoed_whole(session):
    code = "# " + "ä" * PIECE + "\nprint('end')"
    statement = session.result(session.post(code))
    assert statement["code"] == code
    assert statement["output"]["data"]["text/plain"] == "end"


def test_the_interpreters_death_is_an_error_and_the_session_says_so(own_session):
    own_session.post("import os\nos._exit(1)")
    after = own_session.run("1")
    assert (after["status"], after["ename"]) == ("error", "Error")
    assert after["evalue"].startswith("Interpreter died:")
    wait_for(lambda: own_session.state() == "error", "state error")
    assert own_session.client.post(own_session.path + "/statements", {"code": "2"}).status_code == 201


def test_a_value_that_json_cannot_hold(own_session, server):
    output = own_session.run("thing = object()\n%json thing")
    assert output["status"] == "error"
    assert output["evalue"].startswith("Interpreter died:") == server.strict
    if not server.strict:
        assert own_session.text("1 + 1") == "2"


def test_a_child_that_writes_to_fd_1(own_session, server):
    own_session.run("import os\nos.system('echo from a child')")
    after = own_session.run("'second'")
    if server.strict:
        assert after["data"]["text/plain"] != "'second'"
    else:
        assert after["data"]["text/plain"] == "'second'"


def test_a_stopped_session_stays_and_is_dead(own_session):
    client, path = own_session.client, own_session.path
    own_session.run("1")
    assert client.post(path + "/stop").status_code == 204
    assert own_session.view()["state"] == "dead"
    inactive = {"msg": "requirement failed: Session isn't active."}
    for gone in (path + "/statements", path + "/statements/0"):
        answer = client.get(gone)
        assert (answer.status_code, answer.json()) == (400, inactive)
    refused = client.post(path + "/statements", {"code": "1"})
    assert (refused.status_code, refused.json()) == (
        500, "java.lang.IllegalStateException: Session is in state dead")
    assert client.get(path + "/log").status_code == 200


def test_interrupt_kills_the_session(own_session):
    assert own_session.client.post(own_session.path + "/interrupt").status_code in (200, 204)
    wait_for(lambda: own_session.state() in ("dead", "killed", None), "the session to be gone")


def test_deleting_a_session_with_a_running_statement_ends_it(own_session):
    running = own_session.post("import time; time.sleep(60)")
    own_session.wait_state(running, "running")
    answer = own_session.delete()
    assert (answer.status_code, answer.json()) == (200, {"msg": "deleted"})
    assert own_session.state() is None


def test_finished_states_are_final(session):
    done = session.result(session.post("1"))
    assert done["state"] in FINISHED and session.statement(done["id"]) == done
