"""The rig itself, asked with curl: a defect here is not one of livyd."""
import json
import subprocess
import time

import pytest

from backends.curl import curl
from backends.jwt import Signer
from backends.process import run

NEGOTIATE = ["--negotiate", "--user", ":"]
LIST = "/webhdfs/v1/user?op=LISTSTATUS"
SESSIONS = "/livy/v1/sessions"


def await_true(probe, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.2)


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
            # The library gives up only after half a minute.
            with pytest.raises(subprocess.TimeoutExpired):
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
        await_json(url, lambda batch: batch["state"] == "success", 300, *options, environment=environment)


class TestHdfs:
    def test_stores_what_alice_uploads_and_not_what_bob_uploads_there(self, hdfs, tmp_path):
        file = tmp_path / "text"
        file.write_bytes(b"one line\n")
        target = hdfs.url + "/webhdfs/v1/user/alice/simple?op=CREATE&overwrite=true&user.name="
        assert curl(target + "alice", "--location", "--upload-file", file).status == 201
        assert curl(target + "bob", "--location", "--upload-file", file).status == 403
        read = curl(hdfs.url + "/webhdfs/v1/user/alice/simple?op=OPEN&user.name=bob", "--location")
        assert (read.status, read.body) == (200, b"one line\n")

    def test_with_kerberos_believes_only_tickets_and_cookies(self, hdfs_kerberos, kdc, tmp_path):
        jar = tmp_path / "jar"
        refused = curl(hdfs_kerberos.url + LIST + "&user.name=alice")
        assert (refused.status, refused.header("WWW-Authenticate")) == (401, "Negotiate")
        before = hdfs_kerberos.negotiations()
        let_in = curl(hdfs_kerberos.url + LIST, *NEGOTIATE, "--cookie-jar", jar, environment=kdc.environment(kdc.kinit()))
        assert let_in.status == 200
        assert curl(hdfs_kerberos.url + LIST, "--cookie", jar).status == 200
        assert hdfs_kerberos.negotiations() == before + 1

    def test_with_kerberos_the_second_step_of_an_upload_needs_only_its_address(self, hdfs_kerberos, kdc, tmp_path):
        file = tmp_path / "text"
        file.write_bytes(b"one line\n")
        url = hdfs_kerberos.url + "/webhdfs/v1/user/alice/secure?op=CREATE&overwrite=true"
        first = curl(url, *NEGOTIATE, "--request", "PUT", environment=kdc.environment(kdc.kinit()))
        assert first.status == 307 and "delegation=" in first.header("Location"), first
        assert curl(first.header("Location"), "--upload-file", file).status == 201


class TestKnox:
    def test_is_trusted_only_with_the_authority_and_only_by_its_name(self, knox):
        url = knox.url("basic") + SESSIONS
        assert curl(url, "--cacert", knox.ca).status == 401
        assert b"unable to get local issuer certificate" in curl(url).body
        assert b"no alternative certificate subject name" in curl(
            url.replace("localhost", "127.0.0.1"), "--cacert", knox.ca).body

    @pytest.mark.parametrize("topology, offered", [
        ("basic", 'BASIC realm="application"'), ("spnego-routes", "Negotiate"), ("spnego", "Negotiate"),
        ("spnego-short", "Negotiate"), ("bearer", "")])
    def test_refuses_who_shows_nothing(self, knox, topology, offered):
        answer = curl(knox.url(topology) + SESSIONS, "--cacert", knox.ca)
        assert (answer.status, answer.header("WWW-Authenticate")) == (401, offered)

    @pytest.mark.parametrize("service", [SESSIONS, LIST])
    def test_basic_knows_passwords_and_then_the_cookie(self, knox, tmp_path, service):
        url, jar = knox.url("basic") + service, tmp_path / "jar"
        assert curl(url, "--cacert", knox.ca, "--user", "alice:wrong").status == 401
        assert curl(url, "--cacert", knox.ca, "--user", "alice:alice-pw", "--cookie-jar", jar).status == 200
        assert curl(url, "--cacert", knox.ca, "--cookie", jar).status == 200

    @pytest.mark.parametrize("topology, shared", [("spnego-routes", False), ("spnego", True)])
    def test_a_cookie_of_livy_is_good_for_files_only_with_a_shared_secret(self, knox, kdc, tmp_path, topology, shared):
        url, jar = knox.url(topology), tmp_path / "jar"
        route = f"/gateway/{topology}/livy"
        before = knox.negotiations(route)
        first = curl(url + SESSIONS, "--cacert", knox.ca, *NEGOTIATE, "--cookie-jar", jar,
                     environment=kdc.environment(kdc.kinit()))
        assert first.status == 200, first
        cookie = first.header("Set-Cookie").split(";")[0]
        assert curl(url + SESSIONS, "--cacert", knox.ca, "--header", f"Cookie: {cookie}").status == 200
        other = curl(url + LIST, "--cacert", knox.ca, "--header", f"Cookie: {cookie}")
        assert other.status == (200 if shared else 401)
        assert knox.negotiations(route) == before + 1

    def test_says_what_arrived_and_what_became_of_it(self, knox):
        curl(knox.url("basic") + SESSIONS + "?size=7", "--cacert", knox.ca, "--user", "bob:wrong", "--cookie", "a=b",
             "--header", "Expect: 100-continue")

        def arrived():
            return [one for one in knox.requests if one.target.endswith("size=7") and one.status]
        await_true(arrived, "record of the request")
        [one] = arrived()
        assert (one.method, one.scheme, one.cookie, one.expect, one.status) == ("GET", "Basic", True, True, 401)

    def test_the_trace_holds_no_secret(self, knox, kdc):
        curl(knox.url("basic") + SESSIONS, "--cacert", knox.ca, "--user", "alice:alice-pw", "--cookie", "a=secret-b")
        curl(knox.url("spnego") + SESSIONS, "--cacert", knox.ca, *NEGOTIATE, environment=kdc.environment(kdc.kinit()))
        text = (knox.folder / "requests.log").read_text()
        assert "YWxpY2U6" not in text and "secret-b" not in text and "Negotiate Y" not in text

    def test_a_short_cookie_is_over_after_its_seconds(self, knox, kdc):
        url = knox.url("spnego-short") + SESSIONS
        first = curl(url, "--cacert", knox.ca, *NEGOTIATE, environment=kdc.environment(kdc.kinit()))
        cookie = "Cookie: " + first.header("Set-Cookie").split(";")[0]
        assert curl(url, "--cacert", knox.ca, "--header", cookie).status == 200
        await_true(lambda: curl(url, "--cacert", knox.ca, "--header", cookie).status == 401, "end of the cookie", 60)

    def test_bearer_knows_its_own_tokens_until_they_are_over(self, knox, tmp_path):
        def status(token):
            return curl(knox.url("bearer") + SESSIONS, "--cacert", knox.ca, "--oauth2-bearer", token).status
        assert status(knox.tokens.token("alice")) == 200
        assert status(knox.tokens.token("alice", seconds=-60)) == 401
        assert status(Signer(tmp_path).token("alice")) == 401

    @pytest.mark.parametrize("topology", ["basic", "spnego"])
    def test_passes_an_upload_on(self, knox, kdc, tmp_path, topology):
        file = tmp_path / "text"
        file.write_bytes(b"one line\n" * 1000)
        login = NEGOTIATE if topology == "spnego" else ["--user", "alice:alice-pw"]
        options = ["--cacert", knox.ca, *login, "--location-trusted"]
        url = f"{knox.url(topology)}/webhdfs/v1/user/alice/{topology}"
        environment = kdc.environment(kdc.kinit())
        made = curl(url + "?op=CREATE&overwrite=true", *options, "--upload-file", file, environment=environment)
        assert made.status == 201, made
        assert curl(url + "?op=OPEN", *options, environment=environment).body == file.read_bytes()

    def test_leads_to_a_livy_that_computes(self, knox, endpoint):
        base = knox.url("basic") + SESSIONS
        options = ["--cacert", knox.ca, "--user", "alice:alice-pw", "--header", "X-Requested-By: test"]
        made = curl(base, *options, "--json", '{"kind": "pyspark"}')
        assert made.status == 201, made
        session = f"{base}/{json.loads(made.body)['id']}"
        await_json(session, lambda one: one["state"] == "idle", 60, *options)
        curl(session + "/statements", *options, "--json", '{"code": "print(6 * 7)"}')
        done = await_json(session + "/statements/0", lambda one: one["state"] == "available", 60, *options)
        assert done["output"]["data"]["text/plain"] == "42"
        assert curl(session, *options, "--request", "DELETE").status == 200
        assert endpoint.requests[-1].target.endswith("user.name=alice")

    def test_cuts_a_silence_of_twenty_seconds_while_livy_goes_on(self, knox, endpoint):
        url = knox.url("basic") + SESSIONS
        options = ["--cacert", knox.ca, "--user", "alice:alice-pw", "--header", "X-Requested-By: test"]
        with endpoint.held():
            answer = curl(url, *options, "--json", '{"name": "held", "kind": "pyspark"}')
        assert answer.status == 500 and b"Service connectivity error" in answer.body, answer
        made = await_json(url + "/held", lambda one: one["name"] == "held", 30, *options)
        assert curl(f"{url}/{made['id']}", *options, "--request", "DELETE").status == 200

    def test_forgets_its_sessions_when_it_is_restarted(self, knox, tmp_path):
        url, jar = knox.url("basic") + SESSIONS, tmp_path / "jar"
        curl(url, "--cacert", knox.ca, "--user", "alice:alice-pw", "--cookie-jar", jar)
        assert curl(url, "--cacert", knox.ca, "--cookie", jar).status == 200
        knox.restart()
        assert curl(url, "--cacert", knox.ca, "--cookie", jar).status == 401


class TestKerberisedKnox:
    def test_acts_for_the_user_at_hdfs(self, knox_kerberised, kdc, tmp_path):
        file = tmp_path / "text"
        file.write_bytes(b"one line\n")
        options = ["--cacert", knox_kerberised.ca, *NEGOTIATE, "--location-trusted"]
        environment = kdc.environment(kdc.kinit())
        url = knox_kerberised.url("spnego") + "/webhdfs/v1/user/{}/kerberised?op=CREATE&overwrite=true"
        made = curl(url.format("alice"), *options, "--upload-file", file, environment=environment)
        assert made.status == 201, made
        assert curl(url.format("bob"), *options, "--upload-file", file, environment=environment).status == 403

    def test_cannot_repeat_a_large_body_when_livy_forgot_its_cookie(self, knox_kerberised, livy_kerberos):
        url = knox_kerberised.url("basic") + "/livy/v1/batches"
        options = ["--cacert", knox_kerberised.ca, "--user", "alice:alice-pw", "--header", "X-Requested-By: test"]
        assert curl(url, *options).status == 200
        large = json.dumps({"file": "/not/allowed.py", "args": ["x" * 17000]})
        livy_kerberos.restart()
        assert curl(url, *options, "--header", "Expect:", "--json", large).status == 500
        # A request without a body renews Knox's cookie; then Livy itself answers.
        assert curl(url, *options).status == 200
        answer = curl(url, *options, "--header", "Expect:", "--json", large)
        assert answer.status == 400, answer


class TestGateway:
    def test_wants_a_ticket_and_then_its_cookie_until_it_is_restarted(self, gateway, kdc, tmp_path):
        url, options, jar = gateway.negotiate_url + SESSIONS, ["--cacert", gateway.ca], tmp_path / "jar"
        refused = curl(url, *options)
        assert (refused.status, refused.header("WWW-Authenticate")) == (401, "Negotiate")
        before = gateway.negotiations("/gateway/default/livy")
        let_in = curl(url, *options, *NEGOTIATE, "--cookie-jar", jar, environment=kdc.environment(kdc.kinit()))
        assert let_in.status == 200 and "gssapi_session=MagBearerToken" in let_in.header("Set-Cookie"), let_in
        assert curl(url, *options, "--cookie", jar).status == 200
        gateway.restart()
        assert curl(url, *options, "--cookie", jar).status == 401
        assert gateway.negotiations("/gateway/default/livy") == before + 1

    def test_passes_an_upload_on_as_the_user_of_the_ticket(self, gateway, hdfs, kdc, tmp_path):
        file = tmp_path / "text"
        file.write_bytes(b"one line\n")
        options = ["--cacert", gateway.ca, *NEGOTIATE, "--location-trusted"]
        url = gateway.negotiate_url + "/webhdfs/v1/user/bob/httpd%20file"
        environment = kdc.environment(kdc.kinit("bob"))
        assert curl(url + "?op=CREATE&overwrite=true", *options, "--upload-file", file, environment=environment).status == 201
        assert curl(url + "?op=OPEN", *options, environment=environment).body == b"one line\n"
        status = curl(hdfs.url + "/webhdfs/v1/user/bob/httpd%20file?op=GETFILESTATUS&user.name=bob")
        assert json.loads(status.body)["FileStatus"]["owner"] == "bob"

    def test_one_door_wants_a_client_certificate(self, gateway):
        url, options = gateway.mutual_url + "/sessions", ["--cacert", gateway.ca]
        assert b"certificate required" in curl(url, *options).body
        client = ["--cert", gateway.client.certificate, "--key", gateway.client.key]
        assert curl(url, *options, *client).status == 200

    def test_one_door_wants_a_bearer_token(self, gateway):
        url, options = gateway.bearer_url + "/sessions", ["--cacert", gateway.ca]
        assert curl(url, *options).header("WWW-Authenticate") == "Bearer"
        assert curl(url, *options, "--oauth2-bearer", "wrong").status == 401
        assert curl(url, *options, "--oauth2-bearer", gateway.token).status == 200

    def test_some_doors_have_bad_certificates_or_protocols(self, gateway):
        options = ["--cacert", gateway.ca]
        assert curl(gateway.open_url + "/sessions", *options).status == 200
        assert b"certificate has expired" in curl(gateway.expired_url + "/sessions", *options).body
        assert curl(gateway.old_url + "/sessions", *options).status == 0
        old = ["--tlsv1.0", "--tls-max", "1.0", "--ciphers", "ALL:@SECLEVEL=0"]
        assert curl(gateway.old_url + "/sessions", *options, *old).status == 200


class TestProxies:
    def test_with_basic_lets_through_who_knows_the_password(self, proxies, gateway):
        url, options = gateway.open_url + "/sessions", ["--cacert", gateway.ca, "--proxy", proxies.basic_url]
        assert 'Proxy-Authenticate: Basic realm="proxy"' in curl(url, *options).headers
        assert curl(url, *options, "--proxy-user", "alice:wrong").status == 407
        assert curl(url, *options, "--proxy-user", f"{proxies.user}:{proxies.password}").status == 200
        await_true(lambda: ("CONNECT", "Basic", 200) in [
            (one.method, one.scheme, one.status) for one in proxies.requests("basic")], "record of the tunnel")

    @pytest.mark.parametrize("plain", [False, True], ids=["connect", "http"])
    def test_with_negotiate_lets_through_who_has_a_ticket(self, proxies, gateway, endpoint, kdc, plain):
        url = (endpoint.url if plain else gateway.open_url) + "/sessions"
        options = ["--cacert", gateway.ca, "--proxy", proxies.negotiate_url]
        assert "Proxy-Authenticate: Negotiate" in curl(url, *options).headers
        before = proxies.negotiations()
        let_through = curl(url, *options, "--proxy-negotiate", "--proxy-user", ":",
                           environment=kdc.environment(kdc.kinit()))
        assert let_through.status == 200, let_through
        await_true(lambda: proxies.negotiations() == before + 1, "record of the request")

    def test_one_refuses_everybody(self, proxies, gateway):
        assert curl(gateway.open_url + "/sessions", "--proxy", proxies.refusing_url).status == 403
