"""Every way to a Livy, through the real thing: what it serves works, and one negotiation is enough for it."""
import dataclasses
import subprocess
import typing

import pytest

from backends.process import program

PASSPHRASE = "passphrase-of-alices-key"
ENOUGH_NEGOTIATIONS = 2
MANY_REQUESTS = 1000
CODE = "import sys; print('six times seven'); print(6 * 7, file=sys.stderr)"
SAID = "six times seven\n42\n"


@dataclasses.dataclass
class Way:
    """A profile and the process's environment; `arrived` are the requests that the way's gate has seen."""

    profile: dict
    environment: dict
    arrived: typing.Callable


# ------------------------------------------------------------ the ways: each starts only what it needs


def none(rig):
    return Way({"url": rig.endpoint.url}, {}, lambda: list(rig.endpoint.requests))


def at_knox(rig, topology, auth, **environment):
    def arrived():
        return [one for one in rig.knox.requests if one.path.startswith(f"/gateway/{topology}/")]
    profile = {"url": rig.knox.url(topology) + "/livy/v1", "auth": auth, "tls": {"caFile": str(rig.knox.ca)}}
    return Way(profile, environment, arrived)


def knox_basic(rig):
    return at_knox(rig, "basic", {"type": "basic", "user": "alice"}, LIVYD_PASSWORD="alice-pw")


def knox_routes(rig):
    return at_knox(rig, "spnego-routes", {"type": "kerberos"}, **rig.ticket())


def knox_shared(rig):
    return at_knox(rig, "spnego", {"type": "kerberos", "mutual": "optional"}, **rig.ticket())


def knox_token(rig):
    return at_knox(rig, "bearer", {"type": "bearer"}, LIVYD_TOKEN=rig.secret(rig.knox.tokens.token("alice")))


def knox_command(rig):
    file = rig.folder / "token"
    file.write_text(rig.secret(rig.knox.tokens.token("alice")))
    return at_knox(rig, "bearer", {"type": "bearer", "tokenCommand": f"cat '{file}'"})


def at_httpd(rig, door, path="", auth=None, tls=None, **environment):
    profile = {"url": getattr(rig.gateway, f"{door}_url") + path, "tls": {"caFile": str(rig.gateway.ca), **(tls or {})}}
    if auth:
        profile["auth"] = auth
    return Way(profile, environment, lambda: rig.gateway.requests(door))


def httpd_spnego(rig):
    return at_httpd(rig, "negotiate", "/livy/v1", {"type": "kerberos"}, **rig.ticket())


def httpd_keytab(rig):
    auth = {"type": "kerberos", "keytab": str(rig.kdc.keytab("alice")), "principal": "alice@LIVYD.TEST"}
    return at_httpd(rig, "negotiate", "/livy/v1", auth, **rig.kerberos())


def httpd_token(rig):
    return at_httpd(rig, "bearer", auth={"type": "bearer"}, LIVYD_TOKEN=rig.gateway.token)


def mutual(rig):
    own = rig.gateway.client
    return at_httpd(rig, "mutual", tls={"certificate": str(own.certificate), "key": str(own.key)})


def mutual_with_passphrase(rig):
    key = rig.folder / "alice.key"
    subprocess.run([program("openssl", "openssl"), "rsa", "-aes256", "-in", rig.gateway.client.key, "-out", key,
                    "-passout", f"pass:{rig.secret(PASSPHRASE)}"], check=True, capture_output=True, timeout=20)
    tls = {"certificate": str(rig.gateway.client.certificate), "key": str(key), "encryptedKey": True}
    return at_httpd(rig, "mutual", tls=tls, LIVYD_KEY_PASSPHRASE=PASSPHRASE)


def connect_basic(rig):
    way = at_httpd(rig, "open", LIVYD_PROXY_PASSWORD=rig.proxies.password)
    way.profile["proxy"] = {"url": rig.proxies.basic_url, "auth": {"type": "basic", "user": rig.proxies.user}}
    way.arrived = lambda: rig.proxies.requests("basic")
    return way


def connect_negotiate(rig):
    way = at_httpd(rig, "open", **rig.ticket())
    way.profile["proxy"] = {"url": rig.proxies.negotiate_url, "auth": {"type": "kerberos"}}
    way.arrived = lambda: rig.proxies.requests("negotiate")
    return way


def proxy_negotiate(rig):
    proxy = {"url": rig.proxies.negotiate_url, "auth": {"type": "kerberos"}}
    return Way({"url": rig.endpoint.url, "proxy": proxy}, rig.ticket(), lambda: rig.proxies.requests("negotiate"))


def livy_spnego(rig, **auth):
    profile = {"url": rig.livy_kerberos.url, "auth": {"type": "kerberos", **auth}}
    return Way(profile, rig.ticket(), lambda: list(rig.livy_kerberos.requests))


# Where a session can run. A proxy wants its proof on each connection, or on each plain request: no cookie follows.
RUNS = {
    "no authentication": none,
    "Basic at Knox": knox_basic,
    "SPNEGO at Knox, a secret per route": knox_routes,
    "SPNEGO at Knox, one secret": knox_shared,
    "Bearer at Knox, a JWT": knox_token,
    "Bearer at Knox, from a command": knox_command,
    "Bearer at httpd": httpd_token,
    "SPNEGO at httpd": httpd_spnego,
    "SPNEGO at httpd, with a keytab": httpd_keytab,
    "mTLS": mutual,
    "mTLS, an encrypted key": mutual_with_passphrase,
    "CONNECT proxy with Basic": connect_basic,
    "CONNECT proxy with Negotiate": connect_negotiate,
    "HTTP proxy with Negotiate": proxy_negotiate,
}
PROXIES = {"CONNECT proxy with Negotiate", "HTTP proxy with Negotiate"}


@pytest.fixture
def reached(request, record_property):
    """Writes a line of the matrix: `reached(row, what was done, the requests)`."""
    def note(row, what, arrived):
        count = sum(one.scheme == "Negotiate" for one in arrived)
        record_property("reach", (row, f"{what}, {len(arrived)} requests" + (f", {count} Negotiate" if count else "")))
        return count
    return note


@pytest.mark.parametrize("row", RUNS)
def test_a_session_starts_runs_and_ends(row, rig, desk, reached):
    way = RUNS[row](rig)
    desk.profiles["way"] = way.profile
    before = len(way.arrived())

    done = desk.command("run", "--profile", "way", "--once", "-c", CODE, environment=way.environment)

    assert (done.code, sorted((done.output + done.said).splitlines())) == (0, sorted(SAID.splitlines())), done
    arrived = way.arrived()[before:]
    assert arrived, "the request took another way"
    count = reached(row, "a session and a run", arrived)
    if row not in PROXIES:
        assert count <= ENOUGH_NEGOTIATIONS, arrived


def test_livy_itself_lets_in_who_has_a_ticket(rig, desk, reached):
    way = livy_spnego(rig, mutual="required")
    desk.profiles["way"] = {**way.profile, "session": {"proxyUser": "bob"}}
    before = len(way.arrived())

    listed = desk.command("sessions", "--profile", "way", environment=way.environment)
    refused = desk.command("run", "--profile", "way", "-c", "1", environment=way.environment)

    assert (listed.code, listed.output, listed.said) == (0, "", "There are no sessions on this server."), listed
    # Sessions cannot run there. Livy's own refusal shows that the POST came through CSRF protection, too.
    assert refused.code == 3 and "User 'alice' not allowed to impersonate 'Some(bob)'" in refused.said, refused
    arrived = way.arrived()[before:]
    assert [one.status for one in arrived if one.method == "POST"] == [403]
    count = reached("SPNEGO at Livy 0.7.1 itself", "version, list, a POST refused", arrived)
    assert count <= ENOUGH_NEGOTIATIONS * 2, "each of two commands may negotiate twice"


# ------------------------------------------------------------ files


def hdfs_itself(rig):
    way = livy_spnego(rig)
    way.profile["webhdfs"] = rig.hdfs_kerberos.url + "/webhdfs/v1"
    way.arrived = lambda: list(rig.hdfs_kerberos.requests)
    return way


def beside(way):
    """WebHDFS stands beside Livy at a gateway."""
    def both(rig):
        found = way(rig)
        found.profile["webhdfs"] = found.profile["url"].replace("/livy/v1", "/webhdfs/v1")
        return found
    return both


FILES = {
    "hadoop-auth on WebHDFS itself": hdfs_itself,
    "WebHDFS by Basic at Knox": beside(knox_basic),
    "WebHDFS by SPNEGO at Knox, per route": beside(knox_routes),
    "WebHDFS by SPNEGO at httpd": beside(httpd_spnego),
}


@pytest.mark.parametrize("row", FILES)
def test_a_file_goes_up_and_comes_back(row, rig, desk, reached):
    way = FILES[row](rig)
    desk.profiles["way"] = way.profile
    file = rig.folder / "ways.txt"
    file.write_text(f"by {row}\n" * 5000)
    before = len(way.arrived())

    up = desk.command("hdfs", "put", "--force", file, "ways.txt", "--profile", "way", environment=way.environment)
    down = desk.command("hdfs", "cat", "ways.txt", "--profile", "way", environment=way.environment)

    assert up.code == 0, up
    assert (down.code, down.output) == (0, file.read_text()), down.said
    reached(row, "a file up and down", way.arrived()[before:])


# ------------------------------------------------------------ a thousand requests


@pytest.mark.parametrize("gate, way", [("Knox", knox_routes), ("httpd", httpd_spnego), ("Livy", livy_spnego)])
def test_a_thousand_requests_cost_one_negotiation(gate, way, rig, desk, reached):
    way = way(rig)
    desk.profiles["way"] = way.profile
    before = len(way.arrived())
    daemon = desk.daemon(way.environment)

    if "livy/v1" in way.profile["url"]:
        run = daemon.start("way", "print(6 * 7)")
        assert daemon.finished(run)["result"]["outcome"] == "ok"
        assert daemon.text(run) == "42\n"
    waiting = []
    for _ in range(MANY_REQUESTS):
        waiting.append(daemon.begin("session/list", {"profile": "way"}))
        if len(waiting) == 4:
            daemon.reply(waiting.pop(0))
    for one in waiting:
        daemon.reply(one)
    if "livy/v1" in way.profile["url"]:
        daemon.ask("session/stop", {"profile": "way"})

    arrived = way.arrived()[before:]
    assert len(arrived) >= MANY_REQUESTS
    count = reached(f"a thousand requests at {gate}", "four at a time", arrived)
    assert count <= ENOUGH_NEGOTIATIONS, [one for one in arrived if one.scheme]


def test_nothing_is_repeated_after_a_403(rig, desk):
    way = livy_spnego(rig, service="HTTP@other.livyd.test")
    desk.profiles["way"] = way.profile
    daemon = desk.daemon(way.environment)
    before = len(way.arrived())

    run = daemon.start("way", "1")

    result = daemon.finished(run)["result"]
    assert (result["outcome"], result["failure"]) == ("failed", "unauthorized"), result
    assert [(one.scheme, one.status) for one in way.arrived()[before:]] == [("Negotiate", 403)]
