"""The rig itself, asked with curl: a defect here is not one of livyd."""
import json
import time

import pytest

from backends.curl import curl
from backends.process import run

NEGOTIATE = ["--negotiate", "--user", ":"]


def await_json(url, right, seconds, *options, environment=None):
    """The JSON of `url` once it is right; the last answer stands in the failure."""
    deadline = time.monotonic() + seconds
    while True:
        answer = curl(url, *options, environment=environment)
        if answer.status == 200 and right(json.loads(answer.body)):
            return json.loads(answer.body)
        assert time.monotonic() < deadline, f"{answer.status} {answer.body[-2000:]}"
        time.sleep(0.2)


class TestKdc:
    def test_gives_a_ticket_for_as_long_as_is_asked_for(self, kdc):
        ccache = kdc.kinit("alice", "2m")
        assert kdc.has_ticket(ccache)
        listed = run(["klist", "-c", ccache], kdc.environment(ccache))
        assert "alice@LIVYD.TEST" in listed

    def test_a_ticket_can_be_over(self, kdc):
        assert not kdc.has_ticket(kdc.kinit_expired("bob"))

    def test_can_be_stopped_and_started_again(self, kdc):
        kdc.stop()
        try:
            with pytest.raises(AssertionError, match="Cannot contact any KDC"):
                kdc.kinit()
        finally:
            kdc.start()
        assert kdc.has_ticket(kdc.kinit())

    def test_can_be_replaced_by_one_that_never_answers(self, kdc):
        ccache = kdc.kinit()
        with kdc.silent() as silent:
            # The library gives up only after half a minute; the connection is what we wait for.
            answer = curl("http://localhost:1/", *NEGOTIATE, environment=kdc.environment(ccache, silent.config))
            assert answer.status == 0
            with pytest.raises(Exception, match="timed out"):
                run(["kvno", "HTTP/localhost"], kdc.environment(ccache, silent.config), seconds=2)
            assert silent.connections >= 1


class TestLivy:
    def test_with_kerberos_refuses_who_has_no_ticket(self, livy_kerberos):
        answer = curl(livy_kerberos.url + "/sessions")
        assert (answer.status, answer.header("WWW-Authenticate")) == (401, "Negotiate")

    def test_with_kerberos_knows_the_ticket_and_then_the_cookie(self, livy_kerberos, kdc, tmp_path):
        jar, environment = tmp_path / "jar", kdc.environment(kdc.kinit())
        before = livy_kerberos.negotiations("/sessions")
        first = curl(livy_kerberos.url + "/sessions", *NEGOTIATE, "--cookie-jar", jar, environment=environment)
        assert first.status == 200 and "u=alice&p=alice@LIVYD.TEST" in first.header("Set-Cookie"), first
        assert curl(livy_kerberos.url + "/sessions", "--cookie", jar).status == 200
        assert livy_kerberos.negotiations("/sessions") == before + 1
        assert [one.status for one in livy_kerberos.requests[-2:]] == [200, 200]

    def test_with_kerberos_refuses_a_ticket_for_another_service(self, livy_kerberos, kdc):
        other = f"http://other.livyd.test:{livy_kerberos.port}"
        answer = curl(other + "/sessions", *NEGOTIATE, "--connect-to", f"::localhost:{livy_kerberos.port}",
                      environment=kdc.environment(kdc.kinit()))
        assert answer.status == 403, answer

    def test_with_kerberos_refuses_a_client_whose_clock_is_wrong(self, livy_kerberos, kdc):
        environment = kdc.environment(kdc.fetch(kdc.kinit()), **kdc.wrong_clock("+10m"))
        answer = curl(livy_kerberos.url + "/sessions", *NEGOTIATE, environment=environment)
        assert answer.status == 403 and b"Clock skew" in answer.headers.encode() + answer.body, answer

    def test_with_kerberos_wants_the_header_against_forged_requests(self, livy_kerberos, kdc):
        environment = kdc.environment(kdc.kinit())
        answer = curl(livy_kerberos.url + "/batches", *NEGOTIATE, "--json", "{}", environment=environment)
        assert answer.status == 400 and b"CSRF" in answer.headers.encode() + answer.body, answer

    @pytest.mark.parametrize("guarded", [False, True], ids=["plain", "kerberos"])
    def test_runs_a_batch_of_real_spark(self, request, guarded):
        livy = request.getfixturevalue("livy_kerberos" if guarded else "livy_plain")
        options, environment = ["--header", "X-Requested-By: test"], None
        if guarded:
            kdc = request.getfixturevalue("kdc")
            options, environment = options + NEGOTIATE, kdc.environment(kdc.kinit())
        script = livy.files / "count.py"
        script.write_text("from pyspark.sql import SparkSession\n"
                          "assert SparkSession.builder.getOrCreate().range(1000).count() == 1000\n")

        made = curl(livy.url + "/batches", *options, "--json", json.dumps({"file": str(script)}),
                    environment=environment)

        assert made.status == 201, made
        url = f"{livy.url}/batches/{json.loads(made.body)['id']}"
        await_json(url, lambda batch: batch["state"] == "success", 180, *options, environment=environment)
