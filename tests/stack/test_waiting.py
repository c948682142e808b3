"""What goes away for a while, the ticket, the cookie, the gateway, the KDC's voice: work waits, and goes on."""
import re
import signal
import time

import pytest

from test_broken import pattern
from test_reach import at_httpd, at_knox, livy_spnego

# Prints a line now and then until a file is there: what was printed meanwhile must all arrive.
CODE = """import os, time
number = 0
while not os.path.exists({path!r}):
    print('line', number, flush=True)
    number += 1
    time.sleep(0.2)
print('ended after', number)
"""
TICKET_SECONDS = 20
PATIENCE_SECONDS = 120


@pytest.fixture
def long_run(desk, tmp_path):
    """Begins a run that ends when it is told to; ends it, and looks whether its output is whole."""
    path = tmp_path / "go-on"

    class LongRun:
        def begin(self, daemon):
            self.daemon = daemon
            self.run = daemon.start("way", CODE.format(path=str(path)))
            daemon.wait(lambda: daemon.events("run/output", self.run), "the first line", PATIENCE_SECONDS)
            return self

        def end(self):
            path.touch()
            result = self.daemon.finished(self.run, PATIENCE_SECONDS)["result"]
            assert result["outcome"] == "ok", result
            *lines, last = self.daemon.text(self.run).splitlines()
            assert lines == [f"line {number}" for number in range(len(lines))]
            assert last == f"ended after {len(lines)}"

    return LongRun()


def told(daemon, method, **fields):
    """The notifications of a kind whose fields are these."""
    return [one["params"] for one in daemon.notifications if one["method"] == method
            and all(one["params"].get(name) == value for name, value in fields.items())]


def await_unreachable(daemon, sentence, **names):
    """Until the session is shown as unreachable with this reason; how many session/changed there were."""
    def look():
        details = [one.get("detail") for one in told(daemon, "session/changed", state="unreachable")]
        return details if details and details[-1] else None
    details = daemon.wait(look, "the session to be unreachable", PATIENCE_SECONDS)
    assert re.fullmatch(pattern(sentence, names), details[-1]), details
    return len(told(daemon, "session/changed"))


def await_reached(daemon, seen):
    daemon.wait(lambda: told(daemon, "session/changed")[-1]["state"] in ("busy", "idle")
                and len(told(daemon, "session/changed")) > seen, "the session to be reached again", PATIENCE_SECONDS)


# ------------------------------------------------------------ the ticket


def test_a_run_outlives_its_ticket_and_its_cookie(rig, desk, long_run):
    rig.knox  # the ticket must not end while Knox starts  # noqa: B018
    ccache = rig.kdc.kinit("alice", f"{TICKET_SECONDS}s")
    way = at_knox(rig, "spnego-short", {"type": "kerberos"}, **rig.kerberos(ccache))
    desk.profiles["way"] = way.profile
    daemon = desk.daemon(way.environment)
    running = long_run.begin(daemon)

    seen = await_unreachable(
        daemon, "Your Kerberos ticket expired<when>. Runs wait until there is a new one. Run kinit.")
    daemon.wait(lambda: told(daemon, "credentials/changed", state="expired"), "word of the ticket's end")
    ended = told(daemon, "credentials/changed", state="expired")[-1]
    assert ended["principal"] == "alice@LIVYD.TEST" and "Run kinit in a terminal." in ended["detail"], ended
    daemon.wait(lambda: any("expired" in one["text"] and "openTerminal" in one["actions"]
                            for one in told(daemon, "notice")), "the notice that offers a terminal")

    rig.kdc.kinit("alice", ccache=ccache)

    await_reached(daemon, seen)
    running.end()
    daemon.wait(lambda: told(daemon, "credentials/changed")[-1]["state"] == "ok", "word of the new ticket",
                PATIENCE_SECONDS)


# ------------------------------------------------------------ the cookie


def test_a_cookie_that_was_revoked_costs_one_negotiation(rig, desk):
    way = at_httpd(rig, "negotiate", "/livy/v1", {"type": "kerberos"}, **rig.ticket())
    desk.profiles["way"] = way.profile
    daemon = desk.daemon(way.environment)
    before = len(way.arrived())
    for _ in range(3):
        daemon.ask("session/list", {"profile": "way"})

    rig.gateway.restart()

    for _ in range(3):
        daemon.ask("session/list", {"profile": "way"})
    expected = [("Negotiate", False, 200), ("", True, 200), ("", True, 200),
                ("", True, 401), ("Negotiate", False, 200), ("", True, 200), ("", True, 200)]
    # httpd writes its line after its answer.
    daemon.wait(lambda: len(way.arrived()) >= before + len(expected), "the record of the last request")
    assert [(one.scheme, one.cookie, one.status) for one in way.arrived()[before:]] == expected


# ------------------------------------------------------------ the gateway


def test_a_run_outlives_a_restart_of_knox(rig, desk, long_run):
    way = at_knox(rig, "basic", {"type": "basic", "user": "alice"}, LIVYD_PASSWORD="alice-pw")
    desk.profiles["way"] = way.profile
    daemon = desk.daemon()
    daemon.ask("secret/give", {"profile": "way", "secret": "password", "value": "alice-pw"})
    running = long_run.begin(daemon)

    rig.knox.stop()
    try:
        seen = await_unreachable(
            daemon, "localhost:<port> does not answer (connection refused). Check the address, and that the server is "
                    "running.", port=rig.knox.port)
    finally:
        rig.knox.start()

    await_reached(daemon, seen)
    running.end()
    assert not told(daemon, "secret/needed"), "the password was never refused"


# ------------------------------------------------------------ a KDC that accepts and never answers


@pytest.fixture
def silent(rig, desk):
    """Profiles under a silent KDC: `silent` needs it; `cached`, whose ticket is at hand, and `open` do not."""
    waiting, ready = rig.kdc.kinit(), rig.kdc.fetch(rig.kdc.kinit())
    cached = at_httpd(rig, "negotiate", "/livy/v1", {"type": "kerberos", "cache": str(ready)})
    desk.profiles.update(silent=livy_spnego(rig).profile, cached=cached.profile, open={"url": rig.endpoint.url})
    with rig.kdc.silent() as kdc:
        kdc.environment = {"KRB5_CONFIG": kdc.config, "KRB5CCNAME": f"FILE:{waiting}"}
        yield kdc


def test_a_silent_kdc_blocks_nothing_else_and_stop_works(silent, desk):
    daemon = desk.daemon(silent.environment)
    waiting = daemon.start("silent", "1")
    listing = daemon.begin("session/list", {"profile": "silent"})
    daemon.wait(lambda: silent.connections >= 1, "the KDC to be asked")

    for profile in ("open", "cached"):
        run = daemon.start(profile, "print(6 * 7)")
        assert daemon.finished(run)["result"]["outcome"] == "ok"
        assert daemon.text(run) == "42\n"
        daemon.ask("session/stop", {"profile": profile})
    assert not told(daemon, "run/finished", run=waiting)

    answer = daemon.ask("run/stop", {"run": waiting})
    daemon.send({"method": "$/cancelRequest", "params": {"id": listing}})

    assert (answer["truth"], daemon.finished(waiting)["result"]["outcome"]) == ("withdrawn", "stopped"), answer
    cancelled = daemon.wait(lambda: daemon.replies.get(listing), "the end of the list")
    assert cancelled["error"]["data"]["kind"] in ("cancelled", "timeout"), cancelled
    # The library is still in its call; that does not keep the daemon.
    assert daemon.close_input() == 0


def test_control_c_does_not_wait_for_a_silent_kdc(silent, desk):
    process, _, errors = desk.begin("sessions", "--profile", "silent", environment=silent.environment)
    try:
        while not silent.connections:
            assert process.poll() is None, errors.read_text()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130, errors.read_text()
    finally:
        process.kill()
        process.wait()
