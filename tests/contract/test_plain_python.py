"""A Python without PySpark: plain Python works as it does with it, `spark` says how to get it."""

import json

import pytest
from conversation import comparison, differences, recording

RECORDED = {exchange["step"]: exchange for exchange in recording.load()}
# Recorded statements that need nothing of Spark, in their order.
PLAIN = ["expression", "kind python", "nothing", "print", "print and value", "stderr", "unicode",
         "several expressions", "exception at the top", "exception in a function",
         "exception with a cause", "syntax error", "indentation error", "after errors",
         "windows line ends", "empty", "comment only", "exit", "input", "json magic", "table magic",
         "unknown magic", "magic of unknown name"]


@pytest.fixture(scope="module", params=["default", "strict"])
def plain(request, tmp_path_factory, plain_python):
    from conversation.server import EmbeddedServer
    more = ["--strict"] if request.param == "strict" else []
    server = EmbeddedServer(str(tmp_path_factory.mktemp("plain")), plain_python, *more)
    session = server.client.create(kind="python").wait_idle()
    yield server, session
    server.close()


def test_the_recorded_statements_answer_the_same(plain):
    server, session = plain
    for name in PLAIN:
        step = name + " / result"
        request = json.loads(RECORDED[name + " / post"]["request"]["body"])
        id = session.post(request["code"], request.get("kind"))
        session.result(id)
        answer = server.client.get(f"{session.path}/statements/{id}")
        seen = recording.Seen(answer.status_code, answer.headers, answer.content.decode())
        found = comparison.compare(step, recording.recorded(RECORDED[step]), seen)
        assert set(found) == set(differences.expected(step, server.mode)), (step, found)


@pytest.mark.parametrize("name", ["spark", "sc"])
@pytest.mark.parametrize("use", ["{}.range(3)", "print({}.version)", "{}"])
def test_using_spark_says_how_to_install_it(plain, name, use):
    _, session = plain
    output = session.run(use.format(name))
    said = json.dumps(output)
    assert "pip install" in said and "pyspark" in said, said
    if use != "{}":
        assert output["status"] == "error"


def test_sql_says_how_to_install_spark(plain):
    _, session = plain
    output = session.run("select 1", kind="sql")
    assert output["status"] == "error"
    assert "pyspark" in json.dumps(output) and "pip install" in json.dumps(output)


def test_python_goes_on_after_that(plain):
    _, session = plain
    session.run("spark.range(3)")
    assert session.text("1 + 1") == "2"


def test_the_side_channel_needs_no_spark(plain):
    from conversation.side_channel import job, value
    _, session = plain
    answer = session.job(session.submit(job("lambda ctx: {'answer': 42}")))
    assert answer["state"] == "SUCCEEDED" and value(answer["result"]) == {"answer": 42}
