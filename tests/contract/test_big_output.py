"""200 MB printed by one cell arrive whole, and the daemon stays small. For the release binary."""

import hashlib

import pytest
from conversation import drill
from test_memory import release_binary

pytestmark = pytest.mark.drill

LIMIT_KIB = 64 * 1024
PIECE = "%08d Grüße, 世界 🚀 " + "x" * 960 + "\n"
COUNT = drill.share(200) * 1_000_000 // len((PIECE % 0).encode())
CODE = f"""piece = {PIECE!r}
for number in range({COUNT}):
    print(piece % number, end='')
"""


def expected():
    digest = hashlib.sha256()
    for number in range(COUNT):
        digest.update((PIECE % number).encode())
    return digest.hexdigest()


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_two_hundred_megabytes_arrive_and_the_session_goes_on(livy_behind_doors, tmp_path):
    place = livy_behind_doors
    window = place.window(tmp_path / "window", binary=release_binary())
    daemon = window.open()
    run = daemon.start("p0", CODE)
    result = daemon.finished(run, 300)["result"]
    assert (result["outcome"], result["message"]) == ("ok", "ok")
    assert result["outputBytes"] == COUNT * len((PIECE % 0).encode())
    assert digest_of(result["outputFile"]) == expected()
    assert daemon.shown(run).startswith(PIECE % 0)
    after = drill.perform(daemon, "p0", drill.Case("after"), "1 + 1")
    assert (after.outcome, after.text) == ("ok", "2\n")
    print(f"{result['outputBytes']} bytes in {result['milliseconds']} ms, "
          f"{daemon.peak_memory_kib()} KiB at most")
    assert daemon.peak_memory_kib() < LIMIT_KIB
