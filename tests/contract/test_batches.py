"""Batches: submitted exactly once, followed line by line, ended; from the command line and an editor."""

import json
import re
import signal
import threading

import pytest
from conversation.batches import Batches
from conversation.client import wait_for
from conversation.json_rpc import RpcError

OK, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
FILE = "hdfs:///jobs/etl.py"
TRACEBACK = ["Traceback (most recent call last):", '  File "/x/etl.py", line 1, in <module>', "ValueError: boom"]


class World:
    """A server with batches, and the program that is used with it."""

    def __init__(self, home, fake_livy):
        self.home, self.batches = home, Batches()
        self.livy = fake_livy(self.batches)
        self.profile = {"url": self.livy.url}

    def arguments(self, *words):
        path = self.home.write("profiles.json", json.dumps({"cluster": self.profile}))
        words, dashes, rest = (list(words), [], []) if "--" not in words else (
            list(words[:words.index("--")]), ["--"], list(words[words.index("--") + 1:]))
        return ["batch", *words, "--profiles", path, "--profile", "cluster", *dashes, *rest]

    def run(self, *words, **more):
        return self.home.run(*self.arguments(*words), **more)

    def posted(self):
        return [json.loads(body) for _, _, body in self.livy.asked("POST", "/batches")]

    def deleted(self):
        return self.livy.asked("DELETE", "/batches/.*")


@pytest.fixture
def world(home, fake_livy):
    return World(home, fake_livy)


# ---------------------------------------------------------------- the command line

def test_a_batch_is_submitted_with_the_profiles_payload_and_waited_for(world):
    world.batches.lines = ["printed", "and more"]
    world.profile["session"] = {"driverMemory": "1g", "executorCores": 2, "conf": {"spark.x": "y"},
                                "pyFiles": ["hdfs:///p.zip"], "heartbeatTimeoutInSecond": 60}
    done = world.run("submit", FILE, "--", "--date", "today", "-f")
    assert done.code == OK, done
    assert done.out == "printed\nand more\n", done
    assert "batch 0: success" in done.err, done
    [sent] = world.posted()
    assert re.fullmatch(r"livyd-\w+-cluster-[0-9a-f]{8}", sent.pop("name"))
    assert sent == {"file": FILE, "args": ["--date", "today", "-f"], "driverMemory": "1g", "executorCores": 2,
                    "pyFiles": ["hdfs:///p.zip"], "conf": {"spark.x": "y", "spark.yarn.maxAppAttempts": "1"}}
    assert not world.deleted()


def test_a_batch_that_fails_says_why(world):
    world.batches.states, world.batches.lines = ["running", "dead"], TRACEBACK
    done = world.run("submit", FILE)
    assert done.code == FAILED, done
    assert "batch 0: dead · It failed: ValueError: boom." in done.err, done
    assert done.out.splitlines() == TRACEBACK


def test_a_batch_that_was_killed_by_somebody_is_no_success(world):
    world.batches.states = ["running", "killed"]
    done = world.run("submit", FILE)
    assert done.code == FAILED and "batch 0: killed" in done.err, done


def test_an_answer_that_was_lost_submits_nothing_twice(world):
    world.batches.lose = "answer"
    done = world.run("submit", FILE)
    assert done.code == OK and "batch 0: success" in done.err, done
    assert len(world.posted()) == 1 and len(world.batches.all) == 1


def test_a_batch_that_nobody_knows_of_is_not_sent_again(world):
    world.batches.lose = "both"
    done = world.run("submit", FILE)
    assert done.code == REFUSED, done
    [sent] = world.posted()
    assert "Nobody knows whether the server has taken the batch" in done.err and sent["name"] in done.err, done


def test_who_does_not_wait_gets_the_id(world):
    world.batches.states = ["running"]
    done = world.run("submit", FILE, "--no-wait")
    assert (done.code, done.out) == (OK, "0\n"), done
    assert not world.livy.asked("GET", "/batches/0/log")


def test_events_are_json(world):
    world.batches.lines = ["printed"]
    done = world.run("submit", FILE, "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == OK and done.err == "", done
    states = [one["data"]["state"] for one in events if one["event"] == "batch/changed"]
    assert states[0] == "starting" and states[-1] == "success", events
    lines = [one["data"] for one in events if one["event"] == "batch/lines"]
    assert [line for part in lines for line in part["lines"]] == ["printed"] and lines[-1]["ended"], events


def test_ctrl_c_leaves_the_batch_and_says_how_to_see_it(world):
    world.batches.states, world.batches.lines = ["running"], ["printed"]
    process = world.home.begin(*world.arguments("submit", FILE))
    assert process.stdout.readline() == b"printed\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED, err
    assert b"Batch 0 goes on. See it: livyd batch log -f 0 --profile cluster." in err, err
    assert b"livyd batch kill 0 --profile cluster." in err, err
    assert not world.deleted()


def test_a_batch_that_vanishes_is_told(world):
    world.batches.states, world.batches.lines = ["running"], ["printed"]
    process = world.home.begin(*world.arguments("submit", FILE))
    assert process.stdout.readline() == b"printed\n"
    world.batches.all.clear()
    out, err = process.communicate(timeout=60)
    assert process.returncode == REFUSED, err
    assert b"The batch is gone" in err and b"What became of batch 0 is not known." in err, err


def test_batches_are_listed_mine_first_the_newest_first(world):
    assert world.run().err.strip() == "There are no batches on this server."
    world.run("submit", FILE)
    world.batches.make({"name": "of somebody"}).owner = "bob"
    world.run("submit", FILE)
    rows = world.run("list").out.splitlines()
    assert [row.split()[0] for row in rows] == ["ID", "2", "0", "1"], rows
    listed = [json.loads(line) for line in world.run("list", "--json").out.splitlines()]
    assert [(one["batch"], one["mine"]) for one in listed] == [("2", True), ("0", True), ("1", False)]
    assert listed[0]["finished"] and listed[0]["state"] == "success" and listed[2]["owner"] == "bob"


def test_one_batch_is_shown_with_the_reason_of_its_end(world):
    batch = world.batches.make({"name": "etl"}, ["dead"])
    batch.lines.extend(TRACEBACK + [f"INFO line {n}" for n in range(50)])
    done = world.run("show", "etl")
    assert done.code == OK and "It failed: ValueError: boom." in done.out, done
    shown = json.loads(world.run("show", "0", "--json").out)
    assert shown["detail"] == "It failed: ValueError: boom." and shown["finished"], shown
    missing = world.run("show", "9")
    assert missing.code == REFUSED and "There is no batch 9 on this server" in missing.err, missing


def test_the_log_is_printed_whole_or_in_part(world):
    world.batches.make({}, ["success"]).write("line", 0, 20)
    lines = [f"line {n}" for n in range(20)]
    assert world.run("log", "0").out.splitlines() == lines
    assert world.run("log", "0", "-n", "3").out.splitlines() == lines[-3:]
    assert world.run("log", "0", "--from", "18").out.splitlines() == lines[18:]
    page = json.loads(world.run("log", "0", "-n", "2", "--json").out)
    assert page == {"batch": "0", "from": 18, "total": 20, "lines": lines[-2:]}
    followed = world.run("log", "0", "-f", "-n", "2")
    assert (followed.code, followed.out.splitlines()) == (OK, lines[-2:]), followed


def test_a_followed_log_tells_each_line_once_and_marks_what_is_missing(world):
    batch = world.batches.make({}, ["running"])
    batch.write("first", 0, 10)
    process = world.home.begin(*world.arguments("log", "-f", "0"))
    lines = []

    def read():
        for line in process.stdout:
            lines.append(line.decode().rstrip("\n"))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    wait_for(lambda: "first 9" in lines, "the first lines")
    batch.write("second", 0, 150)
    wait_for(lambda: "second 149" in lines, "the second lines")
    batch.write("flood", 0, 900)
    wait_for(lambda: "flood 899" in lines, "the last lines")
    batch.state = "success"
    assert process.wait(60) == OK
    reader.join(30)
    process.stderr.close()
    assert lines == [*(f"first {n}" for n in range(10)), *(f"second {n}" for n in range(150)),
                     "· lines may be missing here", *(f"flood {n}" for n in range(700, 900))]


def test_batches_are_killed_and_those_of_others_only_when_it_is_said_twice(world):
    world.batches.states = ["running"]
    world.run("submit", FILE, "--no-wait")
    world.batches.make({"name": "of somebody"}, ["running"]).owner = "bob"
    refused = world.run("kill", "0", "1")
    assert refused.code == USAGE and "1 of somebody (running, of bob)" in refused.err, refused
    missing = world.run("kill", "0", "7")
    assert missing.code == REFUSED and not world.deleted(), missing
    killed = world.run("kill", "0", "1", "--yes")
    assert killed.code == OK and killed.err.splitlines() == ["· batch 0: killed", "· batch 1: killed"], killed
    assert len(world.deleted()) == 2 and not world.batches.all


def test_a_file_that_cannot_be_brought_to_the_server_is_not_submitted(world):
    missing = world.run("submit", "missing.py")
    assert missing.code == USAGE and "There is no file" in missing.err, missing
    world.home.write("etl.py", "print(1)\n")
    here = world.run("submit", "etl.py")
    assert here.code == REFUSED and 'no "webhdfs"' in here.err, here
    packed = world.run("submit", FILE, "--standalone")
    assert packed.code == USAGE and "is not on this machine" in packed.err, packed
    assert not world.posted()


def test_the_embedded_endpoint_has_no_batches(home):
    for words in (["submit", FILE], ["list"], ["show", "1"], ["log", "1", "-f"], ["kill", "1"]):
        done = home.run("batch", *words)
        assert done.code == REFUSED and "The embedded endpoint has no batches." in done.err, done
    assert not home.processes(), "an endpoint was started"


def test_a_server_that_is_an_embedded_endpoint_has_none_either(home, embedded):
    done = home.run("batch", "list", "--url", embedded.url, LIVYD_TOKEN=embedded.token)
    assert done.code == REFUSED and "The embedded endpoint has no batches." in done.err, done


# ---------------------------------------------------------------- an editor

@pytest.fixture
def editor(world, tmp_path):
    daemon = world.home.daemon()
    daemon.initialize(tmp_path / "state", {"cluster": world.profile})
    yield daemon
    daemon.close()


def told(daemon, method, batch):
    return [one["params"] for one in list(daemon.notifications)
            if one["method"] == method and one["params"]["batch"] == batch]


def submit(daemon, **more):
    return daemon.ask("batch/submit", {"profile": "cluster", "file": FILE, "arguments": [],
                                       "standalone": False, **more})


def one(batch="0"):
    return {"profile": "cluster", "batch": batch}


def ended(daemon, batch="0"):
    daemon.wait(lambda: any(part.get("ended") for part in told(daemon, "batch/lines", batch)),
                f"batch {batch} to end")
    return told(daemon, "batch/changed", batch)[-1]


def test_an_editor_follows_a_batch_to_its_end(world, editor):
    world.batches.states, world.batches.lines = ["running"], ["printed"]
    made = submit(editor)
    assert made["mine"] and not made["finished"] and made["batch"] == "0"
    editor.ask("batch/follow", one())
    editor.ask("batch/follow", one())
    editor.wait(lambda: told(editor, "batch/lines", "0"), "lines")
    world.batches.all[0].lines.extend(TRACEBACK)
    world.batches.all[0].state = "dead"
    last = ended(editor)
    assert last["finished"] and last["detail"] == "It failed: ValueError: boom.", last
    lines = [line for part in told(editor, "batch/lines", "0") for line in part["lines"]]
    assert lines == ["printed", *TRACEBACK]
    [listed] = editor.ask("batch/list", {"profile": "cluster"})["batches"]
    assert listed["batch"] == "0" and listed["finished"]
    page = editor.ask("batch/log", {**one(), "from": 1, "size": 2})
    assert page == {"batch": "0", "from": 1, "total": 4, "lines": TRACEBACK[:2]}


def test_an_editor_kills_a_batch_that_it_follows(world, editor):
    world.batches.states = ["running"]
    submit(editor)
    editor.ask("batch/follow", one())
    editor.ask("batch/kill", one())
    last = ended(editor)
    assert last["state"] == "killed" and last["finished"], last
    with pytest.raises(RpcError) as gone:
        editor.ask("batch/get", one())
    assert gone.value.data["kind"] == "notFound"


def test_a_batch_that_is_not_followed_any_more_is_not_asked_for(world, editor):
    world.batches.states = ["running"]
    submit(editor)
    editor.ask("batch/follow", one())
    editor.ask("batch/unfollow", one())
    editor.ask("batch/follow", one())  # and again
    world.batches.all[0].state = "success"
    assert ended(editor)["state"] == "success"
    looks = len(world.livy.requests)
    editor.ask("batch/unfollow", one())
    editor.ask("state/show", {})
    assert len(world.livy.requests) == looks


def test_only_so_many_batches_are_followed(world, editor):
    world.batches.states = ["running"]
    for _ in range(21):
        world.batches.make()
    for id in range(20):
        editor.ask("batch/follow", one(str(id)))
    with pytest.raises(RpcError) as refused:
        editor.ask("batch/follow", one("20"))
    assert refused.value.data["kind"] == "rejected" and "20 batches" in refused.value.message
    editor.ask("batch/unfollow", one("3"))
    editor.ask("batch/follow", one("20"))


def test_a_server_that_is_away_for_a_while_is_looked_through(world, editor):
    world.batches.states, world.batches.lines = ["running"], ["printed"]
    submit(editor)
    editor.ask("batch/follow", one())
    editor.wait(lambda: told(editor, "batch/lines", "0"), "lines")
    away = world.batches.intercept
    world.batches.intercept = lambda request: request.answer(503, "") or True
    editor.wait(lambda: any("keeps looking" in part.get("detail", "")
                            for part in told(editor, "batch/changed", "0")), "the trouble to be told")
    world.batches.all[0].lines.append("more")
    world.batches.all[0].state = "success"
    world.batches.intercept = away
    assert ended(editor)["state"] == "success"
    lines = [line for part in told(editor, "batch/lines", "0") for line in part["lines"]]
    assert lines == ["printed", "more"]


def test_wrong_words_are_refused_before_anything_is_sent(world, editor):
    for file in ("relative.py", "", "C:\\etl.py"):
        with pytest.raises(RpcError) as refused:
            submit(editor, file=file)
        assert refused.value.data["kind"] == "invalidInput", file
    assert not world.livy.requests
