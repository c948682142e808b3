"""pylivy (PyPI `livy`), unmodified, against a session with Spark."""

import livy
import pandas
import pytest
import requests
from conversation.server import SERVERS


class Bearer(requests.auth.AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        if self.token:
            request.headers["Authorization"] = "Bearer " + self.token
        return request


@pytest.mark.parametrize("spark_server", [mode for mode in SERVERS if mode != "strict"], indirect=True,
                         scope="session")
def test_pylivy_creates_runs_reads_an_error_and_a_data_frame_and_deletes(spark_server, capsys):
    server = spark_server
    with livy.LivySession.create(server.url, auth=Bearer(server.token)) as session:
        assert session.state == livy.SessionState.IDLE
        session.run("print('through pylivy')")
        assert capsys.readouterr().out == "through pylivy\n"

        with pytest.raises(livy.SparkRuntimeError) as raised:
            session.run("{}['missing']")
        assert (raised.value.ename, raised.value.evalue) == ("KeyError", "'missing'")

        given = pandas.DataFrame({"name": ["a", "b", "c"], "number": [1, 2, 3]})
        session.upload("uploaded", given)
        session.run("doubled = uploaded.selectExpr('name', 'number * 2 as number').orderBy('name')")
        pandas.testing.assert_frame_equal(
            session.download("doubled"), pandas.DataFrame({"name": ["a", "b", "c"], "number": [2, 4, 6]}))
        id = session.session_id
    assert server.client.get(f"/sessions/{id}").status_code == 404


@pytest.mark.parametrize("spark_server", ["default"], indirect=True, scope="session")
def test_pylivy_without_the_token_is_refused(spark_server):
    with pytest.raises(requests.HTTPError) as raised:
        livy.LivySession.create(spark_server.url)
    assert raised.value.response.status_code == 401
