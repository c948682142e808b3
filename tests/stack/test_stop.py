"""Stop of a Spark job: the job ends, the session is free and computes on. With $LIVYD_TEST_LIVY_URL also
on that Livy."""
import os
import pathlib
import sys

import pytest

CONTRACT = pathlib.Path(__file__).resolve().parents[1] / "contract"
sys.path.append(str(CONTRACT))

from conversation import drill  # noqa: E402
from conversation.client import wait_for  # noqa: E402
from conversation.server import EmbeddedServer, ForeignServer  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402

LIVY_URL = os.environ.get("LIVYD_TEST_LIVY_URL")
# Each task leaves a line before it sleeps: then the job is really under way.
JOB = """def slow(rows):
    import time
    with open({path!r}, 'a') as trace:
        trace.write('task\\n')
    time.sleep(300)
    return rows
print('before the job')
spark.sparkContext.parallelize(range(2), 2).mapPartitions(slow).collect()"""


@pytest.fixture(params=["default", "strict"] + (["real"] if LIVY_URL else []))
def window(request, tmp_path):
    if request.param == "real":
        server = ForeignServer(LIVY_URL)
    else:
        (tmp_path / "endpoint").mkdir()
        more = ["--strict"] if request.param == "strict" else []
        server = EmbeddedServer(str(tmp_path / "endpoint"), sys.executable, *more)
    place = drill.Place(server, FaultProxy(), sys.executable)
    window = place.window(tmp_path / "window")
    window.open()
    yield window
    place.close()
    server.close()


def test_a_spark_job_is_stopped_and_the_session_computes_on(window, tmp_path):
    daemon, path = window.daemon, tmp_path / "executed"
    run = daemon.start("p0", JOB.format(path=str(path)))
    wait_for(lambda: drill.executions(path)["task"], "the job's tasks to begin", 180)

    answer = daemon.ask("run/stop", {"run": run})

    assert answer["truth"] == "stopped", answer
    assert daemon.finished(run)["result"]["outcome"] == "stopped"
    after = drill.perform(daemon, "p0", drill.Case("after"), "spark.range(1000).count()")
    assert (after.outcome, after.text) == ("ok", "1000\n"), after
