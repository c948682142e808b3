"""The agent in a session as bad as Livy's: live output, interrupts, withdrawal, and what it survives."""

import hashlib
import json
import sys
import threading

import pytest
from conversation.agent import Agent, install_statement, source
from conversation.client import wait_for

RACES = 200


@pytest.fixture(scope="module")
def agent(server):
    """One session with the agent that many tests share; they leave it idle."""
    session = server.client.create().wait_idle(300)
    agent = Agent(session)
    agent.install()
    agent.run("import asyncio, os, subprocess, sys, threading, time")
    yield agent
    session.delete()


@pytest.fixture
def session(server):
    """A session of one test, without the agent."""
    session = server.client.create().wait_idle(300)
    yield session
    session.delete()


def begun(agent, code, **options):
    """Starts a run that says "begun" first, and waits until it has."""
    name, statement = agent.post("print('begun', flush=True)\n" + code, **options)
    assert "begun\n" in agent.read_to(name, b"begun\n")
    return name, statement


def test_it_says_who_it_is(agent):
    greeting = agent.facts("hello")
    assert greeting["api"] == 1 and greeting["nonce"] == "0123abcd" and greeting["run"] == ""
    assert greeting["python"].startswith("3.")


def test_installing_again_greets_the_one_that_is_there(agent):
    assert agent.install("another")["nonce"] == "0123abcd"
    assert agent.install_beside("a-third")["nonce"] == "0123abcd"


def test_output_is_read_while_the_run_goes_on(agent):
    code = "for step in range(3):\n    _ = bell.wait(20); bell.clear()\n    print('step', step)"
    agent.run("bell = threading.Event()")
    name, statement = begun(agent, code)
    seen = "begun\n"
    for step in range(3):
        agent.evaluate("__import__('__main__').global_dict['bell'].set()")
        piece = agent.ask("read", run=name, offset=len(seen), wait=10)[1].decode()
        assert piece == "step %d\n" % step
        seen += piece
    output = agent.session.result(statement)["output"]
    assert output["data"]["text/plain"] == seen
    assert agent.whole(name).decode() == seen


def test_the_end_of_a_run_ends_a_wait(agent):
    agent.run("bell = threading.Event()")
    name, statement = begun(agent, "_ = bell.wait(20)")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(agent.facts("read", run=name, offset=6, wait=10)))
    waiting.start()
    other = Agent(agent.session)  # the same session by another connection would do as well
    other.evaluate("__import__('__main__').global_dict['bell'].set()")
    waiting.join(30)
    assert answers[0]["ended"] and answers[0]["size"] == 6
    agent.session.result(statement)


def test_the_beginning_of_a_run_ends_a_wait(agent):
    agent.run("bell = threading.Event()")
    before, first = begun(agent, "_ = bell.wait(20)")
    name, second = agent.post("2")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(agent.facts("read", run=name, wait=10)))
    waiting.start()
    Agent(agent.session).evaluate("__import__('__main__').global_dict['bell'].set()")
    waiting.join(30)
    assert answers[0]["known"] and answers[0]["ran"]
    agent.session.result(second)


@pytest.mark.parametrize("code", ["time.sleep(600)", "while True: pass",
                                  "while True: print('x' * 100)",
                                  "threading.Event().wait()",
                                  "await asyncio.sleep(600)",
                                  "subprocess.run(['sleep', '600'])"],
                         ids=["sleep", "loop", "prints", "event", "await", "child"])
def test_a_run_is_interrupted(agent, code):
    # One statement, so that after its first word the cell's own line is never left again.
    name, statement = begun(agent, "if True:\n    print('inside', flush=True)\n    " + code)
    agent.read_to(name, b"inside")
    assert agent.facts("interrupt", run=name) == {"done": "interrupted"}
    output = agent.session.result(statement, seconds=20)["output"]
    assert (output["status"], output["ename"]) == ("error", "KeyboardInterrupt")
    lines = "".join(output["traceback"])
    assert "<cell>" in lines or ("await" in code and sys.version_info < (3, 11)), lines
    assert "livyd_agent" not in lines
    assert agent.session.text("1 + 1") == "2"


def test_a_call_into_the_jvm_is_given_time_to_end(agent):
    """Livy's cancel ends it; only one that does not end is torn."""
    agent.run("jvm = {'__name__': 'py4j.clientserver', 'time': time, 'answers': []}\n"
              "exec('def call(seconds):\\n    time.sleep(seconds)\\n    answers.append(seconds)', jvm)")
    name, statement = begun(agent, "jvm['call'](0.3)\ntime.sleep(600)")
    agent.facts("interrupt", run=name)
    assert agent.session.result(statement, seconds=20)["output"]["ename"] == "KeyboardInterrupt"
    assert agent.text("jvm['answers']") == "[0.3]\n"
    test_a_run_is_interrupted(agent, "jvm['call'](600)")


def test_an_interrupt_that_the_cell_catches_leaves_it_running(agent):
    code = ("try:\n    print('inside', flush=True)\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('caught')\n"
            "'went on'")
    name, statement = begun(agent, code)
    agent.read_to(name, b"inside\n")
    agent.facts("interrupt", run=name)
    output = agent.session.result(statement, seconds=20)["output"]
    assert output["data"]["text/plain"] == "begun\ninside\ncaught\n'went on'\n"


def test_only_the_named_run_is_interrupted(agent):
    agent.run("bell = threading.Event()")
    name, statement = begun(agent, "_ = bell.wait(20); print('whole')")
    finished = agent.new_name()
    assert agent.facts("interrupt", run=finished) == {"done": "unknown"}
    agent.evaluate("__import__('__main__').global_dict['bell'].set()")
    assert "whole" in agent.session.result(statement)["output"]["data"]["text/plain"]
    assert agent.facts("interrupt", run=name) == {"done": "ended"}


def test_a_handler_of_the_cells_own_gets_the_signal_and_the_next_run_has_ours(agent):
    code = ("import signal\nheard = []\n_ = signal.signal(signal.SIGINT, lambda *a: heard.append(1))\n"
            "until = time.monotonic() + 20\nwhile not heard and time.monotonic() < until: time.sleep(0.01)\nlen(heard)")
    name, statement = begun(agent, code)
    wait_for(lambda: agent.evaluate("bool(__import__('signal').getsignal(2).__name__ == '<lambda>')"), "the handler")
    agent.facts("interrupt", run=name)
    assert agent.session.result(statement)["output"]["data"]["text/plain"].endswith("1\n")
    test_a_run_is_interrupted(agent, "time.sleep(600)")


def test_a_signal_of_the_users_own_interrupts(agent):
    output = agent.run("import signal\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(600)")
    assert output["ename"] == "KeyboardInterrupt"


def test_a_withdrawn_run_never_runs(agent):
    name = agent.new_name()
    assert agent.facts("withdraw", run=name) == {"withdrawn": True}
    output = agent.run("withdrawn_ran = True", name)
    assert (output["status"], output["ename"]) == ("error", "LivydWithdrawn")
    assert agent.text("'withdrawn_ran' in globals()") == "False\n"
    facts = agent.facts("read", run=name)
    assert (facts["known"], facts["ran"], facts["refused"]) == (False, False, True)


def test_a_withdrawal_ends_a_wait(agent):
    name, answers = agent.new_name(), []
    waiting = threading.Thread(target=lambda: answers.append(agent.facts("read", run=name, wait=10)))
    waiting.start()
    Agent(agent.session).facts("withdraw", run=name)
    waiting.join(30)
    assert answers[0]["refused"]


def test_what_has_run_cannot_be_withdrawn_and_does_not_run_twice(agent):
    name = agent.new_name()
    agent.run("times = 1", name)
    assert agent.facts("withdraw", run=name) == {"withdrawn": False}
    assert agent.run("times = 2", name)["ename"] == "LivydDuplicate"
    assert agent.text("times") == "1\n"


def test_the_reply_is_kept_until_the_run_is_dropped(agent):
    name, statement = agent.post("print('kept')\n1/0", file="/project/a.py", line=7)
    output = agent.session.result(statement)["output"]
    kept = json.loads(agent.facts("result", run=name)["reply"])
    output.pop("execution_count")
    assert kept == output
    assert agent.facts("drop", run=name) == {}
    assert agent.facts("result", run=name)["known"] is False
    facts = agent.facts("read", run=name)
    assert (facts["known"], facts["ran"], facts["ended"]) == (False, True, True)


def test_large_output_arrives_whole_in_pieces(agent):
    code = "line = '0123456789abcdefé€😀\\n' * 40\nfor _ in range(2000): n = sys.stdout.write(line)"
    text = "0123456789abcdefé€😀\n" * 40 * 2000
    name, statement = agent.post(code)
    output = agent.session.result(statement)["output"]
    facts = output["data"]["application/vnd.livyd.run+json"]
    assert facts["bytes"] == len(text.encode()) and not facts["whole"]
    assert output["data"]["text/plain"].startswith(text[:1000])
    assert hashlib.sha256(agent.whole(name)).digest() == hashlib.sha256(text.encode()).digest()
    agent.facts("drop", run=name)


def test_pieces_are_whole_characters(agent):
    name, statement = agent.post("print('€' * 1000, end='')")
    agent.session.result(statement)
    seen = b""
    while len(seen) < 3000:
        piece = agent.ask("read", run=name, offset=len(seen), limit=997)[1]
        assert 0 < len(piece) <= 997
        piece.decode()
        seen += piece
    assert seen.decode() == "€" * 1000


def test_a_reply_stays_under_a_megabyte(agent):
    for code in ["print('\\x01' * 199000)", "raise ValueError('\\x01' * 5000000)",
                 "class Html:\n    def _repr_html_(self): return '\\x01' * 2000000\nHtml()"]:
        assert len(json.dumps(agent.run(code))) < 1000000


def test_text_between_runs_belongs_to_the_session(agent):
    before = agent.facts("read", run="")["size"]
    agent.run("bell, said = threading.Event(), threading.Event()\n"
              "def late():\n    print('in the run'); said.set()\n    bell.wait(20)\n    print('after the run')\n"
              "thread = threading.Thread(target=late); thread.start(); _ = said.wait(20)")
    name, statement = begun(agent, "bell.set(); thread.join(); print('the next run')")
    assert agent.session.result(statement)["output"]["data"]["text/plain"] == "begun\nthe next run\n"
    assert agent.ask("read", run="", offset=before)[1] == b"after the run\n"


@pytest.mark.parametrize("code", ["os.system('echo child')", "subprocess.run(['echo', 'child'])",
                                  "pid = os.fork()\nif pid == 0:\n    print('child')\n    os._exit(0)\n_ = os.waitpid(pid, 0)",
                                  "pid = os.fork()\nif pid == 0:\n    print('child')\nelse: _ = os.waitpid(pid, 0)",
                                  "os.write(1, b'child\\n')", "os.write(2, b'child\\n')",
                                  "sys.__stdout__.write('child\\n')",
                                  "import multiprocessing as m\np = m.get_context('fork').Process("
                                  "target=print, args=('child',)); p.start(); p.join()"],
                         ids=["system", "subprocess", "fork", "fork that returns", "fd 1", "fd 2", "__stdout__",
                              "multiprocessing"])
def test_what_children_write_is_in_the_record_in_its_place(agent, code):
    text = agent.text("print('before')\n%s\nprint('after')" % code)
    lines = [line for line in text.splitlines() if "Warning" not in line and "os.fork()" not in line]
    assert lines[0] == "before" and "child" in lines and lines[-1] == "after"
    assert agent.session.text("1 + 1") == "2"


def test_a_child_that_fails_says_why_and_ends(agent):
    text = agent.text("pid = os.fork()\nif pid == 0:\n    raise ValueError('in the child')\n"
                      "os.waitpid(pid, 0)[1] >> 8")
    assert "ValueError: in the child" in text and text.endswith("\n1\n")
    assert agent.session.text("1 + 1") == "2"


def test_a_child_that_writes_much_is_read(agent):
    name, statement = agent.post("subprocess.run([sys.executable, '-c', 'print(\"y\" * 500000)']).returncode")
    agent.session.result(statement)
    assert agent.whole(name) == b"y" * 500000 + b"\n0\n"


def test_it_is_installed_beside_a_running_cell(session):
    agent = Agent(session)
    session.run("import threading; bell = threading.Event()")
    running = session.post("print('plain'); _ = bell.wait(20)")
    session.wait_state(running, "running")
    assert agent.install_beside()["nonce"] == "0123abcd"
    agent.evaluate("__import__('__main__').global_dict['bell'].set()")
    assert session.result(running)["output"]["data"]["text/plain"] == "plain"
    assert agent.text("import os\n_ = os.system('echo child')") == "child\n"
    assert session.text("1 + 1") == "2"


def test_a_cell_that_deletes_the_module_keeps_the_agent(agent):
    agent.run("del sys.modules['livyd_agent']")
    assert agent.facts("hello")["nonce"] == "0123abcd"
    assert agent.text("1 + 1") == "2\n"


def test_somebody_elses_cells_go_to_the_shell(agent):
    assert agent.session.text("print('theirs')\n'value'") == "theirs\n'value'"
    assert agent.session.run("1/0")["ename"] == "ZeroDivisionError"
    assert agent.session.run("# livyd fence=abc")["data"] == {"text/plain": ""}


def test_a_newer_agent_replaces_it_when_nothing_runs(session):
    agent = Agent(session)
    agent.install("older")
    agent.run("1")
    newer = source().replace("API = 1\n", "API = 2\n")
    assert agent.install("newer", newer)["nonce"] == "newer"
    assert agent.facts("hello")["api"] == 2
    assert agent.text("import os\n_ = os.system('echo child')\n5") == "child\n5\n"
    assert session.text("1 + 1") == "2"
    assert agent.install("older-again")["nonce"] == "newer"


def test_a_shell_that_it_does_not_know_is_left_alone(session):
    agent = Agent(session)
    session.run("import __main__; kept = __main__.clearOutputs; router = dict(__main__.msg_type_router)")
    broken = source().replace('"clearOutputs", ', '"noSuchName", ')
    said = json.loads(session.text(install_statement("n", broken)))
    assert "noSuchName" in said["error"]
    assert session.text("__main__.msg_type_router == router") == "True"
    assert session.text("1 + 1") == "2"


def test_an_arming_that_fails_leaves_the_plain_shell(session):
    broken = source().replace("            os.register_at_fork", "            raise OSError('no')\n            os.register")
    json.loads(session.text(install_statement("n", broken)))
    assert session.text("print('as before')\n1 + 1") == "as before\n2"
    assert session.text("1 + 1") == "2"


def test_stops_that_race_with_the_end_hit_no_other_run(agent):
    """Each interrupts a run of a few milliseconds at a random moment; the next must run whole."""
    agent.run("import random")
    done = {"interrupted": 0, "finished": 0}
    for number in range(RACES):
        name, short = agent.post("until = time.monotonic() + random.random() * 0.02\n"
                                 "while time.monotonic() < until: print('x')")
        _, after = agent.post("'after %d'" % number)
        agent.facts("interrupt", run=name)
        output = agent.session.result(short)["output"]
        if output["status"] == "error":
            assert output["ename"] == "KeyboardInterrupt", output
            done["interrupted"] += 1
        else:
            done["finished"] += 1
        output = agent.session.result(after)["output"]
        assert output["status"] == "ok", output
        assert output["data"]["text/plain"] == "'after %d'\n" % number
    assert done["interrupted"] > 0 and done["finished"] > 0, done
    assert agent.session.text("1 + 1") == "2"
