"""The session log: Livy's paging, its two sections, and its ring."""

import pytest
from conversation.client import wait_for


def page(session, query=""):
    answer = session.client.get(session.path + "/log" + query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"id", "from", "total", "log"} and body["id"] == session.id
    return body


@pytest.fixture(scope="module")
def settled(session):
    """A session whose log stands still."""
    lengths = []

    def quiet():
        lengths.append(page(session, "?size=-1")["log"])
        return len(lengths) > 2 and lengths[-1] == lengths[-2] == lengths[-3]

    wait_for(quiet, "the log to stand still")
    return session


def test_the_whole_log_has_both_sections(settled):
    whole = page(settled, "?size=-1")
    assert whole["from"] == 0 and whole["total"] == len(whole["log"])
    assert whole["log"][0] == "stdout: " and "\nstderr: " in whole["log"]


@pytest.mark.parametrize("start,size", [(0, 1), (0, 5), (1, 2), (None, 1), (None, 3), (-1, 2), (-7, 1),
                                        (None, 0), (0, 100000), (100000, 10), (1, -1), (None, None)])
def test_paging(settled, start, size):
    whole = page(settled, "?size=-1")["log"]
    query = "&".join(f"{key}={number}" for key, number in (("from", start), ("size", size))
                     if number is not None)
    answer = page(settled, "?" + query)
    count = 100 if size is None else size
    first = start if start is not None and start >= 0 else max(0, len(whole) - count)
    if count < 0:
        first = start if start is not None and start >= 0 else 0
    assert answer["total"] == len(whole)
    assert answer["from"] == first
    assert answer["log"] == (whole[first:] if count < 0 else whole[first:first + count])


def test_the_view_carries_the_last_ten_lines(settled):
    assert settled.view()["log"] == page(settled, "?size=10")["log"]


def test_words_are_no_numbers(settled):
    answer = settled.client.get(settled.path + "/log?size=many")
    assert answer.status_code == 400 and "many" in answer.json()["msg"]


def test_what_statements_print_is_not_in_the_log(settled):
    settled.text("print('needle in the output')")
    assert not any("needle in the output" in line for line in page(settled, "?size=-1")["log"])


def test_a_section_keeps_its_last_two_hundred_lines(own_session, server):
    code = "import os\n_ = os.write(2, b''.join(b'line %d\\n' % n for n in range(500)))"
    if not server.strict:
        # There what a statement writes to descriptor 2 is its output, and the log stays clean.
        assert own_session.text(code).splitlines() == [f"line {n}" for n in range(500)]
        assert not any("line 499" in line for line in page(own_session, "?size=-1")["log"])
        return
    if server.foreign:
        pytest.skip("there nothing but Spark itself fills the log at will")
    own_session.post(code + "\nos._exit(1)")

    def arrived():
        log = page(own_session, "?size=-1")["log"]
        return log if "line 499" in log else None

    log = wait_for(arrived, "the last line in the log")
    lines = [line for line in log[log.index("\nstderr: ") + 1:] if line.startswith("line ")]
    assert lines == [f"line {n}" for n in range(500 - len(lines), 500)] and 150 < len(lines) <= 200
    assert page(own_session)["total"] == len(log) <= 402
