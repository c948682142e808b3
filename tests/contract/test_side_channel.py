"""submit-job: code beside a running statement, in the same process on another thread."""

from conversation.side_channel import job, value

SHELL_NAMES = ["msg_type_router", "execute_request", "execute_reply", "clearOutputs", "global_dict",
               "magic_router", "parse_code_into_nodes"]


def result(session, expression):
    answer = session.job(session.submit(job(expression)))
    assert answer["state"] == "SUCCEEDED", answer["error"]
    return value(answer["result"])


def test_a_job_sees_what_a_running_statement_has_printed(session):
    code = "import time\nprint('so far', flush=True)\nwhile not go_on:\n    time.sleep(0.01)"
    session.run("go_on = False")
    running = session.post(code)
    session.wait_state(running, "running")
    seen = ""
    for _ in range(100):
        seen = result(session, "lambda ctx: __import__('sys').stdout.getvalue()")
        if seen.endswith("\n"):
            break
    assert seen == "so far\n"
    assert session.statement(running)["state"] == "running"
    result(session, "lambda ctx: __import__('__main__').global_dict.update(go_on=True)")
    assert session.result(running)["output"]["data"]["text/plain"] == "so far"


def test_a_job_runs_in_the_statements_process_on_another_thread(session):
    process = int(session.text("import os; print(os.getpid())"))
    threads = "lambda ctx: (__import__('os').getpid(), __import__('threading').current_thread() is " \
              "__import__('threading').main_thread())"
    assert result(session, threads) == (process, False)


def test_the_shells_names_are_there(session):
    present = "lambda ctx: [n for n in %r if hasattr(__import__('__main__'), n)]" % SHELL_NAMES
    assert result(session, present) == SHELL_NAMES
    assert result(session, "lambda ctx: sorted(__import__('__main__').magic_router)") == \
        ["json", "matplot", "table"]


def test_the_shells_namespace_is_the_users(session):
    session.run("shared_value = 'from the cell'")
    assert result(session, "lambda ctx: __import__('__main__').global_dict['shared_value']") == \
        "from the cell"


def test_replacing_the_request_router_works_at_once(own_session):
    own_session.run("""
import __main__
def answer(content, before=__main__.msg_type_router['execute_request']):
    if content['code'] == 'mine':
        return __main__.execute_reply('ok', {'execution_count': 0, 'data': {'text/plain': 'replaced',
                                             'text/html': '<b>replaced</b>'}})
    return before(content)
__main__.msg_type_router['execute_request'] = answer
""")
    assert own_session.run("mine")["data"] == {"text/plain": "replaced", "text/html": "<b>replaced</b>"}
    assert own_session.text("1 + 1") == "2"


def test_the_router_can_be_replaced_from_a_job(own_session):
    install = ("lambda ctx: exec('''import __main__ as m\\nb = m.msg_type_router[\"execute_request\"]\\n"
               "m.msg_type_router[\"execute_request\"] = lambda c, b=b: m.execute_reply(\"ok\", "
               "{\"data\": {\"text/plain\": \"from a job\"}}) if c[\"code\"] == \"mine\" else b(c)''', {})")
    assert result(own_session, install) is None
    assert own_session.run("mine")["data"]["text/plain"] == "from a job"


def test_a_failed_job_says_why(session):
    answer = session.job(session.submit(job("lambda ctx: 1/0")))
    assert (answer["state"], answer["result"]) == ("FAILED", None)
    assert "ZeroDivisionError: division by zero" in answer["error"]


def test_a_job_that_is_no_pickle_fails_and_harms_nothing(session):
    answer = session.job(session.submit("bm8gcGlja2xl"))
    assert answer["state"] == "FAILED" and answer["error"]
    assert session.text("1 + 1") == "2"


def test_a_finished_job_is_forgotten_once_it_was_read(session):
    id = session.submit(job("lambda ctx: 1"))
    session.job(id)
    again = session.client.get(f"{session.path}/jobs/{id}")
    assert again.status_code == 500 and "NoSuchElementException" in again.json()


def test_jobs_run_beside_each_other(session):
    slow = session.submit(job("lambda ctx: __import__('time').sleep(3.0) or 'slow'"))
    assert result(session, "lambda ctx: 'quick'") == "quick"
    state = session.client.get(f"{session.path}/jobs/{slow}").json()["state"]
    assert state in ("STARTED", "SENT", "QUEUED")
    assert value(session.job(slow)["result"]) == "slow"


def test_a_statement_runs_beside_a_job(session):
    slow = session.submit(job("lambda ctx: __import__('time').sleep(1.0)"))
    assert session.text("'beside'") == "'beside'"
    assert session.job(slow)["state"] == "SUCCEEDED"


def test_a_long_poll_wakes_with_the_event(session):
    session.run("import threading; bell = threading.Event()")
    waiting = session.submit(job("lambda ctx: __import__('__main__').global_dict['bell'].wait(20)"))
    session.run("bell.set()")
    assert value(session.job(waiting)["result"]) is True


def test_an_interrupt_from_a_job_ends_a_sleeping_statement(session, server):
    session.run("import signal, threading, time\n"
                "before = signal.signal(signal.SIGINT, signal.default_int_handler)")
    running = session.post("print('begun', flush=True)\ntime.sleep(60)")
    session.wait_state(running, "running")
    for _ in range(200):
        if result(session, "lambda ctx: __import__('sys').stdout.getvalue()"):
            break
    interrupt = ("lambda ctx: __import__('signal').pthread_kill("
                 "__import__('threading').main_thread().ident, 2)")
    result(session, interrupt)
    output = session.result(running, seconds=20)["output"]
    assert (output["status"], output["ename"]) == ("error", "KeyboardInterrupt")
    session.run("_ = signal.signal(signal.SIGINT, before)")


def test_a_megabyte_comes_back_from_a_job(session):
    assert result(session, "lambda ctx: 'x' * 1000000") == "x" * 1000000
