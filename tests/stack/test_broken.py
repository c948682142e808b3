"""Broken worlds: each breaks one link of the way to a real server, and has the sentence that names it."""
import contextlib
import dataclasses
import glob
import json
import os
import pathlib
import re
import subprocess
import typing

import pytest

from backends.process import free_port, program
from backends.strange import Stranger
from backends.tls import Authority
from test_reach import at_httpd, at_knox, livy_spnego

REFUSED = 3
UNWELL = 1  # what livyd doctor ends with
NAME = re.compile(r"<(\w+)>")
WRONG = "wrong-password-of-alice"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in to Example</title></head><body><form></form></body></html>"


@dataclasses.dataclass
class Broken:
    """How it is met: the profile, the process's environment, a command before livyd's; the sentence's names."""

    profile: dict
    environment: dict = dataclasses.field(default_factory=dict)
    before: tuple = ()
    names: dict = dataclasses.field(default_factory=dict)
    arrived: typing.Callable = list


@dataclasses.dataclass
class World:
    """`link` is the line of `livyd doctor` that fails."""

    sentence: str
    link: str
    arrange: typing.Callable


WORLDS = {}


def world(name, link, sentence):
    """Adds a row: `arrange(rig, ending)` breaks the world, and repairs it when `ending` is closed."""
    def add(arrange):
        WORLDS[name] = World(sentence, link, arrange)
        return arrange
    return add


def broken(way, **more):
    port = re.search(r":(\d+)", way.profile["url"].partition("://")[2])[1]
    return Broken(way.profile, way.environment, names={"port": port}, arrived=way.arrived, **more)


# ------------------------------------------------------------ Kerberos, on this side


def kerberos(rig, environment, **auth):
    way = livy_spnego(rig, **auth)
    way.environment = environment
    return broken(way)


@world("no ticket", "Authentication", "There is no Kerberos ticket. Run kinit.")
def no_ticket(rig, _):
    return kerberos(rig, rig.kerberos())


@world("expired ticket", "Authentication",
       "Your Kerberos ticket expired<when>. Runs wait until there is a new one. Run kinit.")
def expired_ticket(rig, _):
    return kerberos(rig, rig.kerberos(rig.kdc.kinit_expired()))


@world("unknown principal", "Authentication",
       "The KDC does not know carol@LIVYD.TEST. Check the principal's name and realm in the profile or in kinit.")
def unknown_principal(rig, _):
    keytab = rig.folder / "carol.keytab"
    requests = "addent -password -p carol@LIVYD.TEST -k 1 -e aes256-cts\ncarol-pw\nwkt {}\nquit\n".format(keytab)
    subprocess.run([program("ktutil", "krb5-user")], input=requests, text=True, check=True, timeout=20,
                   stdout=subprocess.DEVNULL)
    return kerberos(rig, rig.kerberos(), keytab=str(keytab), principal="carol@LIVYD.TEST")


@world("a service that the KDC does not know", "Authentication",
       "The KDC does not know the service HTTP/nowhere.livyd.test@LIVYD.TEST. Write the server's own name in the URL, or "
       'its service ("HTTP@name") in the profile.')
def unknown_service(rig, _):
    return kerberos(rig, rig.ticket(), service="HTTP@nowhere.livyd.test")


@world("KDC down", "Authentication", "No KDC of the realm LIVYD.TEST answers. Are you on the VPN?")
def kdc_down(rig, ending):
    found = kerberos(rig, rig.ticket())
    rig.kdc.stop()
    ending.callback(rig.kdc.start)
    return found


@world("libgssapi missing", "Authentication",
       "Kerberos needs a library that is not on this machine: install the package libgssapi-krb5-2 (Debian, Ubuntu) or "
       "krb5-libs (Fedora, RHEL).")
def no_library(rig, _):
    """In a mount namespace of its own there is nothing in the library's place that could be loaded."""
    found = kerberos(rig, rig.ticket())
    libraries = [os.path.realpath(one) for folder in ("/usr/lib/*", "/usr/lib64") for one in
                 glob.glob(f"{folder}/libgssapi_krb5.so.2")]
    assert libraries, "libgssapi is missing here, too. Run scripts/setup stack."
    hide = "".join(f"mount --bind /dev/null '{one}' && " for one in libraries)
    namespace = [program("unshare", "util-linux"), "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    found.before = (*namespace, "sh", "-c", hide + 'exec "$@"', "sh")
    return found


# ------------------------------------------------------------ Kerberos, as the server sees it


@world("wrong SPN", "Authentication",
       "localhost:<port> refused the Kerberos token: it has no fitting key for HTTP@other.livyd.test (<reason>). "
       'Name its service ("HTTP@name") in the profile, or tell its administrator.')
def wrong_spn(rig, _):
    return broken(livy_spnego(rig, service="HTTP@other.livyd.test"))


@world("clock skew", "Authentication",
       "localhost:<port> refused the Kerberos token: clock skew too great. This machine's clock is 10 min ahead of the "
       "server's. Set the one that is wrong.")
def clock_skew(rig, _):
    if b"__asan_init" in pathlib.Path(rig.binary).read_bytes():
        pytest.skip("libfaketime and the address sanitizer do not go together")
    # The ticket was taken before the clock went wrong.
    ccache = rig.kdc.fetch(rig.kdc.kinit())
    return kerberos(rig, rig.kerberos(ccache, **rig.kdc.wrong_clock("+10m5s")))


# ------------------------------------------------------------ passwords and tokens


@world("wrong password", "Authentication",
       "localhost:<port> refused the user alice with this password. Set another one and try again.")
def wrong_password(rig, _):
    return broken(at_knox(rig, "basic", {"type": "basic", "user": "alice"}, LIVYD_PASSWORD=rig.secret(WRONG)))


@world("expired token", "Authentication",
       "localhost:<port> refused the token; it may have expired. Set another one and try again.")
def expired_token(rig, _):
    token = rig.secret(rig.knox.tokens.token("alice", seconds=-60))
    return broken(at_knox(rig, "bearer", {"type": "bearer"}, LIVYD_TOKEN=token))


@world("another mechanism", "Authentication",
       'localhost:<port> does not take Basic. It takes Negotiate. Set "auth" in the profile.')
def another_mechanism(rig, _):
    return broken(at_knox(rig, "spnego", {"type": "basic", "user": "alice"}, LIVYD_PASSWORD="alice-pw"))


@world("no credentials", "Authentication",
       'localhost:<port> asks for a Kerberos ticket. Set "auth": {"type": "kerberos"} in the profile, or --auth '
       "kerberos.")
def no_credentials(rig, _):
    return broken(at_knox(rig, "spnego", {"type": "none"}))


# ------------------------------------------------------------ TLS


@world("expired certificate", "TLS", "The certificate of localhost expired on <day>.")
def expired_certificate(rig, _):
    found = broken(at_httpd(rig, "expired"))
    found.names["day"] = rig.authority.last_day("expired-localhost")
    return found


@world("wrong host name", "TLS",
       "The certificate of 127.0.0.1 is for localhost. Check the host name in the URL.")
def wrong_host_name(rig, _):
    way = at_httpd(rig, "open")
    way.profile["url"] = way.profile["url"].replace("localhost", "127.0.0.1")
    return broken(way)


@world("unknown CA", "TLS",
       'The certificate of localhost was issued by "livyd test authority", which this machine does not trust. Get the '
       'certificate of that authority as a PEM file and set "caFile" in the profile\'s "tls".')
def unknown_ca(rig, _):
    way = at_httpd(rig, "open")
    del way.profile["tls"]
    return broken(way)


@world("TLS 1.0 server", "TLS", "localhost:<port> offers only TLS older than 1.2, which livyd does not use.")
def old_tls(rig, _):
    return broken(at_httpd(rig, "old"))


@world("no client certificate", "TLS",
       'localhost:<port> wants a client certificate. Set "certificate" and "key" in the profile\'s "tls".')
def no_client_certificate(rig, _):
    return broken(at_httpd(rig, "mutual"))


@world("a client certificate of somebody else's authority", "TLS",
       'localhost:<port> refused the client certificate (<reason>). Check "certificate" in the profile\'s "tls": that it '
       "is still valid and issued by an authority which that server accepts.")
def strange_client_certificate(rig, _):
    (rig.folder / "elsewhere").mkdir()
    own = Authority(rig.folder / "elsewhere", "somebody else").client()
    return broken(at_httpd(rig, "mutual", tls={"certificate": str(own.certificate), "key": str(own.key)}))


# ------------------------------------------------------------ proxies


def behind(rig, url, **proxy):
    way = at_httpd(rig, "open")
    way.profile["proxy"] = {"url": url, **proxy}
    found = broken(way)
    found.names["proxy"] = url.rpartition(":")[2]
    return found


@world("proxy refuses", "Proxy",
       "The proxy localhost:<proxy> refused to connect to localhost:<port> (403 Forbidden). Ask who runs the proxy to allow "
       'this host and port, or name the host in "bypass" of the profile\'s "proxy" if it is reached directly.')
def proxy_refuses(rig, _):
    return behind(rig, rig.proxies.refusing_url)


@world("proxy wants credentials", "Proxy",
       "The proxy localhost:<proxy> wants to know who asks. It takes Basic. Set \"proxy\" in the profile: its address as "
       '"url", and "auth": {"type": "basic", "user": "…"}.')
def proxy_wants_credentials(rig, _):
    return behind(rig, rig.proxies.basic_url)


@world("wrong password at the proxy", "Proxy",
       "The proxy localhost:<proxy> refused the user alice with this password. It takes Basic. Set another password, or "
       'another "user" in the profile\'s "proxy", and try again.')
def wrong_password_at_proxy(rig, _):
    found = behind(rig, rig.proxies.basic_url, auth={"type": "basic", "user": "alice"})
    found.environment = {"LIVYD_PROXY_PASSWORD": rig.secret(WRONG)}
    found.arrived = lambda: rig.proxies.requests("basic")
    return found


@world("proxy unreachable", "Proxy",
       "The proxy localhost:<proxy> does not answer (connection refused). <advice>")
def proxy_unreachable(rig, _):
    return behind(rig, f"http://localhost:{free_port()}")


# ------------------------------------------------------------ servers that are down, or not what they seem


@world("nobody there", "TCP",
       "localhost:<port> does not answer (connection refused). Check the address, and that the server is running.")
def nobody(_, __):
    port = free_port()
    return Broken({"url": f"http://localhost:{port}"}, names={"port": port})


@world("HTML login page with 200", "Livy",
       'https://localhost:<port> answers, but not as a Livy server (it sent a web page titled "Sign in to Example"). Check '
       "the URL.")
def login_page(rig, ending):
    page = ending.enter_context(
        Stranger(200, {"Content-Type": "text/html"}, LOGIN_PAGE, rig.authority.server()))
    return Broken({"url": page.url, "tls": {"caFile": str(rig.authority.ca)}}, names={"port": page.port})


@world("307 to a host that is not allowed", "Livy",
       'localhost:<port> sends us on to <elsewhere>, which the profile does not allow. Add "<elsewhere>" to '
       '"redirectHosts" if it is yours.')
def sent_elsewhere(rig, ending):
    elsewhere = ending.enter_context(Stranger(200, {"Content-Type": "application/json"}, b"{}"))
    there = elsewhere.url.replace("localhost", "127.0.0.1")
    passive = ending.enter_context(Stranger(307, {"Location": there + "/sessions"}))
    ending.callback(lambda: pytest.fail("it was followed") if elsewhere.heard else None)
    profile = {"url": passive.url, "auth": {"type": "basic", "user": "alice"}}
    return Broken(profile, {"LIVYD_PASSWORD": "alice-pw"},
                  names={"port": passive.port, "elsewhere": there.partition("//")[2]})


# ------------------------------------------------------------ what is said


def pattern(sentence, names):
    """The whole sentence as a regular expression: what is not in `names` may be anything."""
    return "".join((re.escape(str(names[piece])) if piece in names else ".*") if at % 2 else re.escape(piece)
                   for at, piece in enumerate(NAME.split(sentence)))


@pytest.fixture
def met(rig, desk):
    """Breaks a world for the length of a test; runs `livyd` in it."""
    with contextlib.ExitStack() as ending:
        def meet(name):
            found = WORLDS[name].arrange(rig, ending)
            desk.profiles["broken"] = found.profile
            return found
        yield meet


@pytest.mark.parametrize("name", WORLDS)
def test_what_is_broken_is_said(name, met, desk):
    found = met(name)

    done = desk.command("sessions", "--profile", "broken", environment=found.environment, before=found.before)

    assert (done.code, done.output) == (REFUSED, ""), done
    said = [line.removeprefix("· ") for line in done.said.splitlines()]
    # The notice that offers a terminal may come before it or after.
    last = [line for line in said if not line.endswith("Run kinit in a terminal.")][-1]
    assert re.fullmatch(pattern(WORLDS[name].sentence, found.names), last), done.said


@pytest.mark.parametrize("name", WORLDS)
def test_the_doctor_finds_the_same_link(name, met, desk):
    if "doctor" not in desk.command("--help").output:
        pytest.skip("this livyd has no doctor")
    found = met(name)

    done = desk.command("doctor", "--profile", "broken", "--json", environment=found.environment, before=found.before)

    found = [json.loads(line) for line in done.output.splitlines()]
    checks = next(one["checks"] for one in found if "checks" in one)
    failed = [check["name"] for check in checks if check["state"] == "failed"]
    assert (done.code, failed) == (UNWELL, [WORLDS[name].link]), checks


@pytest.mark.parametrize("name, scheme", [("wrong password", "Basic"), ("expired token", "Bearer"),
                                          ("wrong password at the proxy", "Basic")])
def test_what_was_refused_is_not_sent_again(name, scheme, met, desk):
    found = met(name)
    before = len(found.arrived())
    daemon = desk.daemon()
    [secret] = found.environment.items()
    kind = {"LIVYD_PASSWORD": "password", "LIVYD_TOKEN": "token", "LIVYD_PROXY_PASSWORD": "proxyPassword"}[secret[0]]
    daemon.ask("secret/give", {"profile": "broken", "secret": kind, "value": secret[1]})

    run = daemon.start("broken", "1")
    told = daemon.wait(lambda: [one for one in daemon.notifications if one["method"] == "secret/needed"], "the question")

    assert told[0]["params"]["refused"] and "alice" in json.dumps(told) + name + "alice", told
    # Nothing else asks with it, either: each waits for the user, who does not want to.
    listing = daemon.begin("session/list", {"profile": "broken"})
    daemon.ask("secret/give", {"profile": "broken", "secret": kind})
    daemon.wait(lambda: daemon.replies.get(listing), "the refusal of the list")
    assert "error" in daemon.replies[listing]
    assert daemon.finished(run)["result"]["outcome"] == "failed"
    sent = [one for one in found.arrived()[before:] if one.scheme == scheme]
    assert len(sent) == 1, sent
