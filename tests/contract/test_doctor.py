"""The doctor: names the broken link, says what to do, and leaves no trace and no secret.

Each way's report is kept in tests/data/doctor; LIVYD_UPDATE_REPORTS=1 writes them anew.
"""

import base64
import json
import os
import pathlib
import re
import time

import pytest
from conversation import broken_ways as ways
from conversation import fake_livy as fake

WHOLE, BROKEN, INTERRUPTED = 0, 1, 130
REPORTS = pathlib.Path(__file__).parent.parent / "data" / "doctor"
PASSWORD = "open-sesame-of-the-doctor"
COOKIE = "KNOXSESSIONID=cookie-of-the-doctor; Path=/x"
STATES = {"ok": "ok", "warning": "warning", "FAILED": "failed", "not tried": "notTried"}


def basic(password):
    return "Basic " + base64.b64encode(f"alice:{password}".encode()).decode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return ways.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def closing():
    """Ends what a test made."""
    made = []

    def keep(one):
        made.append(one)
        return one

    yield keep
    for one in made:
        one.close()


@pytest.fixture
def world(home, authority, fake_livy, closing):
    return World(home, authority, fake_livy, closing)


class World:
    def __init__(self, home, authority, fake_livy, closing):
        self.home, self.authority, self.fake_livy, self.closing = home, authority, fake_livy, closing
        self.environment = {}

    def livy(self, behaviour=None, certificate=None):
        return self.fake_livy(behaviour or ways.Livy(), certificate=certificate)

    def trusting(self, livy):
        return {"url": livy.url, "tls": {"caFile": self.authority.ca}}

    def arguments(self, profile, *more):
        path = self.home.write("profiles.json", json.dumps({"cluster": profile}))
        return ("doctor", "--profiles", path, "--profile", "cluster", *more)

    def doctor(self, profile, *more):
        return self.home.run(*self.arguments(profile, *more), **self.environment)


# ---------------------------------------------------------------- the ways, each with its report

def everything_in_order(world):
    livy = world.livy(certificate=world.authority.issue())
    livy.sessions[0] = {"id": 0, "name": "somebody's", "kind": "pyspark", "statements": [], "cancelled": set()}
    hdfs = world.closing(ways.WebHdfs())
    return {**world.trusting(livy), "webhdfs": hdfs.url}


def port_that_refuses(world):
    return {"url": f"http://127.0.0.1:{world.closing(ways.Nobody()).port}"}


def unknown_name(world):
    return {"url": "https://gw.livyd.invalid:8443/gateway/default/livy"}


def unknown_authority(world):
    return {"url": world.livy(certificate=world.authority.issue()).url}


def expired_certificate(world):
    certificate = world.authority.issue(end="20210101000000Z")
    return world.trusting(world.livy(certificate=certificate))


def certificate_that_ends_soon(world):
    end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 5.5 * 86400))
    return world.trusting(world.livy(certificate=world.authority.issue(end=end)))


def another_host_name(world):
    return world.trusting(world.livy(certificate=world.authority.issue(names="DNS:gw.example.com")))


def certificate_that_is_not_checked(world):
    livy = world.livy(certificate=world.authority.issue())
    return {"url": livy.url, "tls": {"verify": False}}


def tls_1_0(world):
    server = world.closing(ways.old_tls(world.authority.issue()))
    return {"url": f"https://127.0.0.1:{server.port}", "tls": {"caFile": world.authority.ca}}


def login_page(world):
    return {"url": world.livy(fake.WebPage()).url}


def wrong_password(world):
    world.environment = {"LIVYD_PASSWORD": "wrong"}
    livy = world.livy(ways.Challenging('Basic realm="Knox"', basic(PASSWORD), COOKIE))
    return {"url": livy.url, "auth": {"type": "basic", "user": "alice"}}


def right_password(world):
    world.environment = {"LIVYD_PASSWORD": PASSWORD}
    livy = world.livy(ways.Challenging('Basic realm="Knox"', basic(PASSWORD), COOKIE))
    return {"url": livy.url, "auth": {"type": "basic", "user": "alice"}}


def no_password(world):
    return {"url": world.livy().url, "auth": {"type": "basic", "user": "alice"}}


def no_mechanism(world):
    return {"url": world.livy(ways.Challenging("Negotiate")).url}


def no_ticket(world):
    configuration = world.home.write("krb5.conf", "[libdefaults]\ndefault_realm = EXAMPLE.TEST\n")
    world.environment = {"KRB5_CONFIG": configuration, "KRB5CCNAME": f"FILE:{world.home.folder}/no-cache"}
    return {"url": world.livy(ways.Challenging("Negotiate")).url, "auth": {"type": "kerberos"}}


def proxy_that_refuses(world):
    proxy = world.closing(ways.strict_proxy())
    return {"url": "https://gw.example.com:8443/livy", "proxy": f"http://127.0.0.1:{proxy.port}"}


def proxy_that_is_not_there(world):
    proxy = world.closing(ways.Nobody())
    return {"url": "https://gw.example.com:8443/livy", "proxy": f"http://127.0.0.1:{proxy.port}"}


def redirect_to_a_stranger(world):
    return {"url": world.livy(ways.Passive("http://livy2.example.com:8998")).url}


def csrf_protection(world):
    return {"url": world.livy(ways.Guarded()).url}


def gateway_without_jobs(world):
    return {"url": world.livy(ways.WithoutJobs()).url}


def home_that_is_closed(world):
    hdfs = world.closing(ways.WebHdfs(closed=["/user/alice"]))
    return {"url": world.livy().url, "webhdfs": hdfs.url}


def hdfs_that_takes_nothing(world):
    hdfs = world.closing(ways.WebHdfs(closed=["/user/alice", "/tmp"]))
    return {"url": world.livy().url, "webhdfs": hdfs.url}


def profile_with_a_mistake(world):
    return {"url": "https://gw.example.com", "drivrMemory": "4g"}


def embedded_endpoint(world):
    return {"url": "local"}


REPORTED = {everything_in_order: WHOLE, port_that_refuses: BROKEN, unknown_name: BROKEN, unknown_authority: BROKEN,
            expired_certificate: BROKEN, certificate_that_ends_soon: WHOLE, another_host_name: BROKEN,
            certificate_that_is_not_checked: WHOLE, tls_1_0: BROKEN, login_page: BROKEN, wrong_password: BROKEN,
            right_password: WHOLE, no_password: BROKEN, no_mechanism: BROKEN, no_ticket: BROKEN,
            proxy_that_refuses: BROKEN, proxy_that_is_not_there: BROKEN, redirect_to_a_stranger: BROKEN,
            csrf_protection: WHOLE, gateway_without_jobs: WHOLE, home_that_is_closed: WHOLE,
            hdfs_that_takes_nothing: BROKEN, profile_with_a_mistake: BROKEN, embedded_endpoint: WHOLE}


def normalised(report, world):
    """Without what differs from machine to machine and from run to run."""
    replacements = [
        (r"^livyd .*", "livyd VERSION on SYSTEM, DATE"),
        (r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT"), (r"after \d+ ms", "after N ms"),
        (r"\.livyd-doctor-[0-9a-f]+", ".livyd-doctor-RANDOM"), (r"Python is\s+\S+", "Python is PYTHON")]
    for pattern, words in replacements:
        report = re.sub(pattern, words, report)
    if "which is in" in report:
        report = re.sub(r"good until \d{4}-\d\d-\d\d", "good until DATE", report)
    return report


def unwrapped(report):
    """Where a line is cut depends on the digits of a port."""
    return re.sub(r"\n {4,}", " ", report).strip()


@pytest.mark.parametrize("way", REPORTED, ids=lambda way: way.__name__)
def test_the_report_names_the_broken_link_and_what_to_do(world, way):
    ended = world.doctor(way(world))
    report = normalised(ended.out, world)
    file = REPORTS / f"{way.__name__.replace('_', '-')}.txt"
    if os.environ.get("LIVYD_UPDATE_REPORTS"):
        REPORTS.mkdir(exist_ok=True)
        file.write_text(report)
    assert unwrapped(report) == unwrapped(file.read_text()), ended
    assert ended.code == REPORTED[way], ended
    assert PASSWORD not in ended.out and "cookie-of-the-doctor" not in ended.out and "delegation" not in ended.out


def test_every_report_that_is_kept_belongs_to_a_way():
    kept = {file.stem.replace("-", "_") for file in REPORTS.glob("*.txt")}
    assert kept == {way.__name__ for way in REPORTED}


# ---------------------------------------------------------------- what it leaves alone

def test_json_holds_the_checks_and_the_report(world):
    ended = world.doctor(port_that_refuses(world), "--json")
    result = json.loads(ended.out)
    assert ended.code == BROKEN
    assert [one["name"] for one in result["checks"]] == [
        "Profile", "Name look-up", "Proxy", "TCP", "TLS", "Authentication", "Livy", "WebHDFS"]
    assert [one["state"] for one in result["checks"]] == ["ok", "ok", "ok", "failed", *["notTried"] * 4]
    assert "refused" in result["checks"][3]["found"] and result["checks"][3]["advice"]
    assert result["report"].count("not tried") == 4


def test_a_refused_password_is_sent_once(world):
    world.environment = {"LIVYD_PASSWORD": "wrong"}
    behaviour = ways.Challenging('Basic realm="Knox"', basic(PASSWORD), COOKIE)
    ended = world.doctor({"url": world.livy(behaviour).url, "auth": {"type": "basic", "user": "alice"}})
    assert ended.code == BROKEN, ended
    assert [sent for sent in behaviour.refused if sent] == [basic("wrong")]


def test_nothing_is_changed_on_the_server(world):
    livy = world.livy()
    ended = world.doctor({"url": livy.url})
    assert ended.code == WHOLE, ended
    posted = [path for method, path, _ in livy.requests if method != "GET"]
    assert posted and all(re.fullmatch(r"/sessions/2147483647/(connect|submit-job)", path)
                          for path in posted), posted
    assert livy.sessions == {}


@pytest.mark.parametrize("closed", [[], ["/user/alice"], ["/user/alice", "/tmp"]], ids=["home", "tmp", "nowhere"])
def test_no_file_is_left_in_hdfs(world, closed):
    hdfs = world.closing(ways.WebHdfs(closed=closed))
    world.doctor({"url": world.livy().url, "webhdfs": hdfs.url})
    assert hdfs.files == {}
    tried = min(len(closed) + 1, 2)
    assert len(hdfs.deleted) == tried, "also what could not be written is deleted"


def test_ctrl_c_ends_it_while_a_server_is_silent(world):
    server = world.closing(ways.silent())
    process = world.home.begin(*world.arguments({"url": f"http://127.0.0.1:{server.port}"}), LIVYD_LOG="debug")
    seen = b""
    while b"TLS ok" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(2)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED, (out, err)
    assert b"Stopped." in err and out == b""


def test_the_editor_gets_the_same(world):
    daemon = world.home.daemon()
    try:
        nobody = world.closing(ways.Nobody())
        daemon.initialize(os.path.join(world.home.folder, "state"), {"cluster": {"url": f"http://127.0.0.1:{nobody.port}"}})
        result = daemon.ask("doctor/run", {"profile": "cluster"})
        assert [one["state"] for one in result["checks"]].count("failed") == 1
        assert "not tried" in result["report"]
        unknown = daemon.ask("doctor/run", {"profile": "clutser"})
        assert unknown["checks"][0]["state"] == "failed" and "cluster" in unknown["report"]
    finally:
        daemon.close()
