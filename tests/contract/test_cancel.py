"""Cancelling: what waits never runs; what runs ends as this server can end it."""

from conversation.client import FINISHED, wait_for


def test_a_waiting_statement_that_is_cancelled_never_runs(session):
    session.run("ran = False")
    slow = session.post("import time; time.sleep(3)")
    behind = session.post("ran = True")
    assert session.cancel(behind) == {"msg": "canceled"}
    assert session.statement(behind)["state"] == "cancelled"
    session.result(slow)
    assert session.text("ran") == "False"
    assert session.statement(behind)["output"] is None


def test_cancelling_what_has_finished_changes_nothing(session):
    done = session.result(session.post("1"))
    assert session.cancel(done["id"]) == {"msg": "canceled"}
    assert session.statement(done["id"]) == done


def test_a_running_statement_is_cancelled_and_the_session_goes_on(session, server):
    session.run("import time; reached = 0")
    # Long enough to be interrupted where the server can, short enough to wait where it cannot.
    seconds = 2 if server.strict else 60
    loop = f"for i in range({seconds * 20}):\n    time.sleep(0.05)"
    running = session.post(f"reached = 1\n{loop}\nreached = 2")
    session.wait_state(running, "running")
    wait_for(lambda: session.statement(running)["started"], "the statement to have begun")
    assert session.cancel(running) == {"msg": "canceled"}
    assert session.statement(running)["state"] in ("cancelling", "cancelled")
    ended = session.result(running, seconds=20)
    assert ended["state"] == "cancelled"
    session.wait_idle()
    assert session.text("reached") == ("2" if server.strict else "1")


def test_cancels_that_race_with_the_end_hit_no_other_statement(session, server):
    rounds = 8 if server.foreign else 40
    for _ in range(rounds):
        short = session.post("import time; time.sleep(0.01)")
        session.cancel(short)
        after = session.result(session.post("'after'"))
        assert after["state"] == "available", after
        assert after["output"]["data"]["text/plain"] == "'after'", after
    assert session.text("1 + 1") == "2"


def test_a_session_that_caught_the_interrupt_is_still_usable(session, server):
    if server.strict:
        code = "time.sleep(3)"
    else:
        code = "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('caught')"
    session.run("import time")
    running = session.post(code)
    session.wait_state(running, "running")
    session.cancel(running)
    assert session.result(running, seconds=20)["state"] == "cancelled"
    assert session.text("1 + 1") == "2"


def test_what_was_printed_before_the_cancel_is_its_output(session, server):
    rounds = 60 if server.strict else 1200
    running = session.post(f"import time; print('so far')\nfor i in range({rounds}): time.sleep(0.05)")
    session.wait_state(running, "running")
    session.cancel(running)
    ended = session.result(running, seconds=20)
    assert (ended["state"], ended["output"]["status"]) == ("cancelled", "ok")
    assert ended["output"]["data"]["text/plain"] == "so far"


def test_fifty_stops_that_race_with_the_end_hit_only_their_statement(session, server):
    for number in range(8 if server.strict or server.foreign else 50):
        # The interrupt comes about 0.1 s after the cancel: these end just before and just after it.
        raced = session.post(f"import time; time.sleep({0.08 + number % 10 / 200})\nprint('raced')")
        behind = session.post(f"time.sleep(0.02)\n'behind {number}'")
        session.wait_state(raced, "running", *FINISHED)
        session.cancel(raced)
        after = session.result(behind)
        assert after["state"] == "available", after
        assert after["output"]["data"]["text/plain"] == f"'behind {number}'", after
        assert session.statement(raced)["state"] in ("available", "cancelled")
    assert session.text("1 + 1") == "2"


def test_a_handler_of_the_users_own_lasts_for_its_statement_only(session, server):
    session.run("import signal, time\nkept = signal.signal(signal.SIGINT, signal.SIG_IGN)")
    running = session.post(f"time.sleep({3 if server.strict else 60})")
    session.wait_state(running, "running")
    session.cancel(running)
    assert session.result(running, seconds=20)["state"] == "cancelled"
    assert session.text("1 + 1") == "2"
    session.run("signal.signal(signal.SIGINT, kept)")
