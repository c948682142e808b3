"""`livyd serve --stdio` as the editor speaks to it: JSON-RPC, runs as objects, an end with the input."""

import json
import os
import uuid

import pytest
from conversation import fake_livy as fake
from conversation.client import wait_for
from conversation.json_rpc import Daemon, RpcError, protocol_hash


@pytest.fixture
def daemon(home):
    daemon = home.daemon()
    yield daemon
    daemon.close()


@pytest.fixture
def livy(fake_livy):
    return fake_livy(fake.Answers(lambda code: fake.ok("answer\n" + "text " * 20000)))


def profiles(livy):
    return {"fake": {"url": livy.url, "agent": False}}  # it has no Python


def statements(livy):
    return livy.asked("POST", ".*/statements")


def test_initialize_answers_with_version_and_profiles(daemon, tmp_path, livy):
    result = daemon.initialize(tmp_path / "state", profiles(livy))
    assert result["version"] and result["process"] == daemon.process.pid
    assert {profile["name"] for profile in result["profiles"]} == {"fake", "local"}


def test_another_protocol_is_refused_in_one_sentence(daemon, tmp_path):
    with pytest.raises(RpcError) as refused:
        daemon.ask("initialize", {"protocolHash": "0" * 64, "client": "old", "stateFolder": str(tmp_path),
                                  "configuration": {"trusted": True, "profiles": {}}})
    assert refused.value.data["kind"] == "unsupported"
    assert len(refused.value.message) < 300 and "\n" not in refused.value.message


def test_nothing_but_initialize_is_answered_first(daemon):
    with pytest.raises(RpcError) as refused:
        daemon.start("local", "1")
    assert "initialize" in refused.value.message


def test_an_unknown_method_and_wrong_params_are_errors_that_name_the_place(daemon, tmp_path):
    daemon.initialize(tmp_path / "state")
    with pytest.raises(RpcError) as unknown:
        daemon.ask("no/such/method", {})
    assert unknown.value.code == -32601
    with pytest.raises(RpcError) as wrong:
        daemon.ask("run/start", {"run": 5, "profile": "local", "language": "python", "code": "1"})
    assert wrong.value.code == -32602 and "run" in wrong.value.message
    with pytest.raises(RpcError) as word:
        daemon.ask("run/start", {"run": "r", "profile": "local", "language": "cobol", "code": "1"})
    assert word.value.code == -32602 and "language" in word.value.message


def test_the_same_run_id_twice_is_one_run(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state", profiles(livy))
    run = str(uuid.uuid4())
    for _ in range(3):
        daemon.start("fake", "1", run)
    assert daemon.finished(run)["result"]["outcome"] == "ok"
    again = daemon.ask("run/start", {"run": run, "profile": "fake", "language": "python", "code": "1"})
    assert again["run"] == run and again["state"] == "finished"
    assert len(statements(livy)) == 1
    assert len([one for one in daemon.notifications
                if one["method"] == "run/finished" and one["params"]["run"] == run]) >= 1


def test_runs_queue_and_finish_in_order(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state", profiles(livy))
    runs = [daemon.start("fake", f"number({number})") for number in range(4)]
    for run in runs:
        daemon.finished(run)
    codes = [json.loads(body)["code"] for _, _, body in statements(livy)]
    assert [f"number({number})" in code for number, code in enumerate(codes)] == [True] * 4


def test_attach_replays_from_any_offset(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state", profiles(livy))
    run = daemon.start("fake", "1")
    info = daemon.finished(run)
    whole = daemon.text(run)
    assert whole.startswith("answer\n") and len(whole.encode()) == info["result"]["sentBytes"]
    for start in (0, 7, 5000):
        with daemon.said:
            daemon.notifications.clear()
        daemon.ask("run/attach", {"run": run, "from": start})
        daemon.finished(run)
        pieces = daemon.events("run/output", run)
        assert pieces[0]["offset"] == start
        assert "".join(piece["text"] for piece in pieces) == whole[start:]


@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
def test_the_next_daemon_finds_the_session_of_the_last(home, tmp_path, livy, killed):
    first = home.daemon()
    first.initialize(tmp_path / "state", profiles(livy))
    first.finished(first.start("fake", "1"))
    before = first.ask("session/get", {"profile": "fake"})
    if killed:
        first.process.kill()
    else:
        assert first.close_input() == 0
    first.close()
    second = home.daemon()
    second.initialize(tmp_path / "state", profiles(livy))
    after = second.ask("session/get", {"profile": "fake"})
    assert (after["state"], after["id"], after["name"]) == ("idle", before["id"], before["name"])
    second.finished(second.start("fake", "2"))
    assert len(livy.asked("POST", "/sessions")) == 1
    second.close()


def test_a_session_of_another_name_under_the_same_id_is_not_ours(home, tmp_path, livy):
    first = home.daemon()
    first.initialize(tmp_path / "state", profiles(livy))
    first.finished(first.start("fake", "1"))
    first.close_input()
    first.close()
    # The server restarted and counts from 0 again: somebody else's session has our id.
    livy.sessions[0]["name"] = "of-somebody-else"
    second = home.daemon()
    second.initialize(tmp_path / "state", profiles(livy))
    run = second.start("fake", "2")
    assert second.finished(run)["result"]["outcome"] == "ok"
    assert livy.sessions[0]["statements"] == livy.sessions[0]["statements"][:1]
    assert len(livy.asked("POST", "/sessions")) == 2
    second.close()


def test_a_session_the_user_removed_stays_removed(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state", profiles(livy))
    daemon.finished(daemon.start("fake", "1"))
    assert daemon.ask("session/stop", {"profile": "fake"})["state"] == "removed"
    assert livy.asked("DELETE", "/sessions/.*")
    result = daemon.finished(daemon.start("fake", "2"))["result"]
    assert result["outcome"] == "failed" and "Start" in result["message"]
    assert len(livy.asked("POST", "/sessions")) == 1
    assert daemon.ask("session/start", {"profile": "fake"})["state"] == "idle"
    assert daemon.finished(daemon.start("fake", "3"))["result"]["outcome"] == "ok"


def test_a_store_in_use_is_said(home, daemon, tmp_path):
    daemon.initialize(tmp_path / "state")
    second = home.daemon()
    with pytest.raises(RpcError) as held:
        second.initialize(tmp_path / "state")
    assert str(daemon.process.pid) in held.value.message
    second.close()


def test_a_request_can_be_cancelled(daemon, tmp_path, fake_livy):
    class Slow(fake.Behaviour):
        def session_state(self, session):
            return "starting"

    livy = fake_livy(Slow())
    daemon.initialize(tmp_path / "state", profiles(livy))
    id = daemon.begin("session/start", {"profile": "fake"})
    wait_for(lambda: livy.asked("POST", "/sessions"), "the session to be asked for")
    daemon.send({"method": "$/cancelRequest", "params": {"id": id}})
    with pytest.raises(RpcError) as cancelled:
        daemon.reply(id)
    assert cancelled.value.code == -32800
    wait_for(lambda: livy.asked("DELETE", "/sessions/.*"), "what was begun to be deleted")


def test_stop_says_what_it_did(daemon, tmp_path, fake_livy):
    livy = fake_livy(fake.Answers(lambda code: None))
    daemon.initialize(tmp_path / "state", profiles(livy))
    run, queued = daemon.start("fake", "slow()"), daemon.start("fake", "behind()")
    daemon.wait(lambda: any(one["params"].get("state") == "running" for one in daemon.notifications
                            if one["method"] == "run/changed"), "the run to be running")
    assert daemon.ask("run/stop", {"run": queued})["truth"] == "withdrawn"
    assert daemon.ask("run/stop", {"run": run})["truth"] == "stopped"
    assert daemon.finished(run)["result"]["outcome"] == "stopped"
    assert daemon.ask("run/stop", {"run": queued})["truth"] in ("withdrawn", "alreadyFinished")
    assert len(statements(livy)) == 1


def test_the_end_of_input_ends_it(daemon, tmp_path):
    daemon.initialize(tmp_path / "state")
    assert daemon.close_input() == 0


def test_the_end_of_input_ends_it_while_a_run_is_on(daemon, tmp_path, fake_livy):
    livy = fake_livy(fake.Answers(lambda code: None))
    daemon.initialize(tmp_path / "state", profiles(livy))
    daemon.start("fake", "slow()")
    wait_for(lambda: statements(livy), "the statement to be sent")
    assert daemon.close_input(10) == 0
    assert not livy.asked("DELETE", ".*"), "the session must live on"


def test_it_speaks_json_rpc_without_a_subcommand_too(home, tmp_path):
    daemon = Daemon([home.binary], home.environment, home.work)
    assert daemon.initialize(tmp_path / "state")["process"] == daemon.process.pid
    assert daemon.close_input() == 0
    daemon.close()


@pytest.mark.parametrize("garbage", [
    b"hello\r\n\r\n", b"Content-Length: -5\r\n\r\n", b"Content-Length: 99999999999999\r\n\r\n",
    b"Content-Length: five\r\n\r\n", b"\x00" * 100000, b"X: y\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_garbage_ends_it_with_a_clear_message(daemon, tmp_path, garbage):
    daemon.initialize(tmp_path / "state")
    try:
        daemon.send_bytes(garbage)
    except BrokenPipeError:
        pass
    code = daemon.process.wait(20)
    said = daemon.stderr()
    assert code > 0, (code, said)
    assert said.strip() and "terminate called" not in said and "Sanitizer" not in said, said


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b'{"jsonrpc":"2.0","id":71}',
                                  b'{"id":72,"method":5}', b"\xff"])
def test_a_message_that_is_none_is_answered_and_the_next_one_served(daemon, tmp_path, body):
    daemon.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    daemon.initialize(tmp_path / "state")


def test_a_message_may_come_a_byte_at_a_time(daemon, tmp_path):
    original = daemon.send_bytes
    daemon.send_bytes = lambda raw: [original(raw[at:at + 1]) for at in range(len(raw))]
    daemon.initialize(tmp_path / "state")


def test_an_untrusted_window_uses_only_local(daemon, tmp_path, livy):
    daemon.ask("initialize", {"protocolHash": protocol_hash(), "client": "test",
                              "stateFolder": str(tmp_path / "state"),
                              "configuration": {"trusted": False, "profiles": profiles(livy)}})
    with pytest.raises(RpcError) as refused:
        daemon.start("fake", "1")
    assert "trust" in refused.value.message
    assert livy.requests == []


def test_configure_changes_the_profiles(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state")
    result = daemon.ask("configure", {"trusted": True, "profiles": {**profiles(livy), "bad": {"url": 1}}})
    problems = {profile["name"]: profile.get("problem") for profile in result["profiles"]}
    assert problems["fake"] is None and "url" in problems["bad"]
    assert daemon.finished(daemon.start("fake", "1"))["result"]["outcome"] == "ok"


def test_the_state_folder_is_private(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state", profiles(livy))
    daemon.finished(daemon.start("fake", "print('secret of the user')"))
    for folder, _, names in os.walk(tmp_path / "state"):
        for name in names:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0, name
