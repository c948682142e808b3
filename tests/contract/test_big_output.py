"""200 MB printed by one cell and large values that it displays arrive whole, and the daemon stays small.
The memory is the release binary's."""

import hashlib
import random

import pytest
from conversation import drill
from conversation.client import wait_for
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


@pytest.fixture
def window(livy_behind_doors, tmp_path):
    window = livy_behind_doors.window(tmp_path / "window", binary=release_binary())
    window.open()
    return window


def ran(daemon, code):
    """The run and its result."""
    run = daemon.start("p0", code)
    result = daemon.finished(run, 300)["result"]
    assert (result["outcome"], result["message"]) == ("ok", "ok")
    return run, result


def test_two_hundred_megabytes_arrive_and_the_session_goes_on(window):
    daemon = window.daemon
    run, result = ran(daemon, CODE)
    assert result["outputBytes"] == COUNT * len((PIECE % 0).encode())
    assert digest_of(result["outputFile"]) == expected()
    assert daemon.shown(run).startswith(PIECE % 0)
    after = drill.perform(daemon, "p0", drill.Case("after"), "1 + 1")
    assert (after.outcome, after.text) == ("ok", "2\n")
    print(f"{result['outputBytes']} bytes in {result['milliseconds']} ms, "
          f"{daemon.peak_memory_kib()} KiB at most")
    assert daemon.peak_memory_kib() < LIMIT_KIB


MEGABYTE = 1_000_000
# A page, an image, and a value that stands before them; "too large" is only named.
DISPLAYED = f"""import base64, random
class Shown:
    def __init__(self, **forms):
        self.forms = {{name.replace("_", "/"): form for name, form in forms.items()}}
    def _repr_mimebundle_(self):
        return self.forms
display(Shown(text_html="<p>first</p>"))
display(Shown(image_png=base64.b64encode(random.Random(7).randbytes({MEGABYTE})).decode()))
display(Shown(text_html="<p>Grüße 🚀</p>" * ({MEGABYTE} // 10)))
display(Shown(text_html="x" * (65 << 20)))
display(Shown(text_markdown="last"))
"""


def test_displayed_values_that_no_reply_holds_arrive_whole(livy_behind_doors, window):
    daemon = window.daemon
    run, result = ran(daemon, DISPLAYED)
    parts = [(part["mime"], part["bytes"], digest_of(part["file"])) for part in result["parts"]]
    page = ("<p>Grüße 🚀</p>" * (MEGABYTE // 10)).encode()
    assert parts == [(mime, len(whole), hashlib.sha256(whole).hexdigest()) for mime, whole in (
        ("text/html", b"<p>first</p>"), ("text/markdown", b"last"),
        ("image/png", random.Random(7).randbytes(MEGABYTE)), ("text/html", page))]
    assert daemon.shown(run).endswith("· text/html of 68.2 MB is missing here: livyd fetches values of up to 67.1 MB\n")
    print(f"{sum(part[1] for part in parts)} bytes, {daemon.peak_memory_kib()} KiB at most")
    assert daemon.peak_memory_kib() < LIMIT_KIB
    # Nothing of it stays in the session.
    session = window.doors["p0"].arrived("POST", drill.STATEMENTS)[-1].path.split("/")[2]
    assert kept_values(livy_behind_doors.server.client, session) == "[]"


def kept_values(client, session):
    """The names of the values that the agent of a session still keeps."""
    code = ("[name for name in __import__('__main__').msg_type_router['execute_request'].__self__"
            ".book.records if '#' in name]")
    path = f"/sessions/{session}/statements"
    id = client.post(path, {"code": code}).json()["id"]
    ended = wait_for(lambda: (seen := client.get(f"{path}/{id}").json()).get("completed") and seen, "a statement")
    return ended["output"]["data"]["text/plain"]
