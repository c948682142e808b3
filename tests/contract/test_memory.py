"""The daemon's memory stays under 32 MB whatever a statement answers. For the release binary."""

import glob
import os

import pytest
from conversation import fake_livy as fake
from conversation.client import wait_for
from conversation.command_line import Home
from conversation.server import PROJECT

LIMIT_KIB = 32 * 1024
# 1,000 characters of one to four bytes and some that JSON escapes.
PIECE = ("Grüße, 世界 🚀 \"quoted\" back\\slash\ttab " * 30)[:999] + "\n"
COUNTS = {"45 MiB of text": 45 * 1024 * 1024 // len(PIECE.encode()), "20 million characters": 20_000}


def release_binary():
    given = os.environ.get("LIVYD_RELEASE_BINARY")
    path = os.path.abspath(given) if given else os.path.join(PROJECT, "build", "release", "livyd")
    assert os.path.exists(path), f"{path} is missing: scripts/test builds it, or set LIVYD_RELEASE_BINARY"
    return path


@pytest.fixture
def daemon(tmp_path, plain_python):
    home = Home(tmp_path / "home", plain_python, release_binary())
    daemon = home.daemon()
    yield daemon
    daemon.close()
    home.close()


def run(daemon, tmp_path, livy):
    daemon.initialize(tmp_path / "state", {"fake": {"url": livy.url}})
    id = daemon.start("fake", "big()")
    return id, daemon.finished(id, 120)["result"]


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS.keys())
def test_a_big_text(daemon, tmp_path, fake_livy, count):
    big = fake.Piecewise(PIECE, count)
    livy = fake_livy(fake.Answers(lambda code: {"status": "ok", "execution_count": 0,
                                                "data": {"text/plain": big}}))
    id, result = run(daemon, tmp_path, livy)
    assert result["outcome"] == "ok"
    assert result["outputBytes"] == len(PIECE.encode()) * count
    assert 0 < result["sentBytes"] < result["outputBytes"]
    whole = PIECE * count
    with open(result["outputFile"], encoding="utf-8", newline="") as file:
        assert file.read() == whole
    assert whole.startswith(daemon.text(id))
    assert daemon.peak_memory_kib() < LIMIT_KIB


def test_a_big_json_value(daemon, tmp_path, fake_livy):
    big = fake.Piecewise(PIECE, COUNTS["45 MiB of text"])
    livy = fake_livy(fake.Answers(lambda code: {"status": "ok", "execution_count": 0,
                                                "data": {"application/json": {"rows": [big]}}}))
    _, result = run(daemon, tmp_path, livy)
    assert result["outcome"] == "ok"
    part = next(part for part in result["parts"] if part["mime"] == "application/json")
    assert os.path.getsize(part["file"]) == part["bytes"] > 45_000_000
    assert daemon.peak_memory_kib() < LIMIT_KIB


def test_a_reader_that_is_slow_does_not_make_it_grow(daemon, tmp_path, fake_livy):
    big = fake.Piecewise(PIECE, COUNTS["45 MiB of text"])
    livy = fake_livy(fake.Answers(lambda code: {"status": "ok", "execution_count": 0,
                                                "data": {"text/plain": big}}))
    daemon.initialize(tmp_path / "state", {"fake": {"url": livy.url}}, previewBytes=200_000_000)
    id = daemon.start("fake", "big()")
    # The reading thread needs this lock for its first notification: then the pipe fills.
    with daemon.said:
        looks = []

        def stuck():
            looks.append(livy.sent)
            return looks[-1] > 0 and looks[-10:] == [looks[-1]] * 10

        # Held up, or already whole in the run's file: either way not in memory.
        wait_for(stuck, "the answer to stand still")
        peak = daemon.peak_memory_kib()
    assert peak < LIMIT_KIB
    assert daemon.finished(id, 120)["result"]["sentBytes"] == len(PIECE.encode()) * big.count
    assert daemon.text(id) == PIECE * big.count
    assert daemon.peak_memory_kib() < LIMIT_KIB


def test_a_small_run_needs_little(daemon, tmp_path, fake_livy):
    livy = fake_livy(fake.Answers(lambda code: fake.ok("small")))
    run(daemon, tmp_path, livy)
    assert daemon.peak_memory_kib() < LIMIT_KIB // 2
    assert glob.glob(str(tmp_path / "state" / "*"))
