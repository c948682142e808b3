"""A session that is removed while its server is not reached goes as soon as the server answers."""

import pytest
from conversation import fake_livy as fake
from conversation.client import wait_for
from conversation.drill import SESSIONS
from conversation.json_rpc import RpcError

ASK = {"profile": "p0"}


class Removed:
    """A window whose session was removed while the door to its server was shut."""

    def __init__(self, place, folder):
        self.place, self.window = place, place.window(folder)
        self.door = self.window.doors["p0"]
        self.window.open()
        self.name = self.daemon.ask("session/start", ASK, 120)["name"]
        self.door.refuse()
        self.told = self.daemon.ask("session/stop", ASK)

    @property
    def daemon(self):
        return self.window.daemon

    @property
    def sentence(self):
        return f"The server was not reached: the session {self.name} is removed as soon as it answers."

    def notices(self):
        with self.daemon.said:
            return [one["params"]["text"] for one in self.daemon.notifications if one["method"] == "notice"]

    def on_the_server(self):
        listed = self.place.server.client.get("/sessions?size=1000").json()["sessions"]
        return self.name in [one["name"] for one in listed]

    def goes(self):
        wait_for(lambda: not self.on_the_server(), f"{self.name} to go")
        wait_for(lambda: f"The server answers again: the session {self.name} is removed." in self.notices(),
                 "the good news")


@pytest.fixture
def removed(livy_behind_doors, tmp_path):
    return Removed(livy_behind_doors, tmp_path / "window")


def test_the_user_is_told_and_the_session_goes_when_the_server_is_back(removed):
    assert removed.told["state"] == "removed" and removed.told["detail"] == removed.sentence
    assert removed.sentence in removed.notices()
    assert removed.on_the_server()
    removed.door.come_back()
    removed.goes()
    now = removed.daemon.ask("session/get", ASK)
    assert now["state"] == "removed" and "detail" not in now
    assert len(removed.door.arrived("POST", SESSIONS)) == 1


def test_a_daemon_that_was_killed_meanwhile_does_not_forget_it(removed):
    removed.window.kill()
    removed.window.open()
    now = removed.daemon.ask("session/get", ASK)
    assert now["state"] == "removed"
    with pytest.raises(RpcError) as refused:
        run = removed.daemon.start("p0", "1")
        result = removed.daemon.finished(run)["result"]
        raise RpcError({"code": 0, "message": result["message"]})
    assert "removed the session" in refused.value.message
    removed.door.come_back()
    removed.goes()
    assert len(removed.door.arrived("POST", SESSIONS)) == 1


def test_a_new_session_does_not_take_up_the_removed_one(removed):
    removed.window.kill()
    removed.door.come_back()
    removed.window.open()
    fresh = removed.daemon.ask("session/start", ASK, 120)
    assert fresh["name"] != removed.name and fresh["state"] == "idle"
    wait_for(lambda: not removed.on_the_server(), f"{removed.name} to go")
    assert removed.daemon.ask("session/get", ASK)["name"] == fresh["name"]


class DiesOfTheQueue(fake.Behaviour):
    """A session that YARN never let in."""

    def session_state(self, session):
        session["looks"] = session.get("looks", 0) + 1
        return "starting" if session["looks"] < 3 else "dead"

    def log(self, session):
        return ["stdout: ", "\nstderr: ", "26/11/21 04:48:44 INFO Client: Submitting application",
                "\nYARN Diagnostics: ", "Application application_1_0002 was killed by user livy at 127.0.0.1"]


def test_the_last_words_of_a_failed_session_outlive_the_daemon(home, fake_livy, tmp_path):
    livy = fake_livy(DiesOfTheQueue())
    state = tmp_path / "state"
    profiles = {"p0": {"url": livy.url}}
    daemon = home.daemon()
    daemon.initialize(state, profiles)
    with pytest.raises(RpcError) as failed:
        daemon.ask("session/start", ASK)
    assert "was killed by user livy" in failed.value.message
    wait_for(lambda: livy.asked("DELETE", "/sessions/0"), "the session's deletion")
    daemon.process.kill()
    daemon.process.wait()
    daemon.close()

    daemon = home.daemon()
    daemon.initialize(state, profiles)
    page = daemon.ask("log/read", {**ASK, "size": -1})
    assert "YARN Diagnostics: " in page["lines"], page
    assert "Application application_1_0002 was killed by user livy at 127.0.0.1" in page["lines"]
    assert page["session"].startswith("livyd-")
    details = daemon.ask("session/details", ASK)
    facts = {fact["name"]: fact["value"] for fact in details["facts"]}
    assert facts["Name"] == page["session"] and "was killed by user livy" in facts["Reason"]
    assert "YARN Diagnostics" in facts["Last words"]
    # By its name, too; and what is on the server is shown instead as soon as there is something.
    assert daemon.ask("log/read", {**ASK, "session": facts["Name"], "size": -1})["lines"] == page["lines"]
    daemon.close()
