"""The recorded conversation, step by step: the same status, form, fields, values and texts."""

import json
import re

import pytest
from conversation.server import SERVERS
from conversation import comparison, differences, recording

RECORDED = {exchange["step"]: exchange for exchange in recording.load()}


@pytest.fixture(scope="module")
def conversation(spark_server):
    return recording.Conversation(spark_server).hold()


def shown(found):
    return "\n".join(f"  {path}: recorded {a!r:.300}\n  {' ' * len(path)}  seen     {b!r:.300}"
                     for path, (a, b) in found.items())


def test_every_step_of_the_recording_has_its_own_name():
    assert len(RECORDED) == len(recording.load())


@pytest.mark.parametrize("spark_server", SERVERS, indirect=True, scope="session")
@pytest.mark.parametrize("step", RECORDED)
def test_step(conversation, step):
    server = conversation.server
    if server.foreign and step in recording.UNKIND:
        pytest.skip("it would leave a driver running on this server")
    assert step in conversation.seen, conversation.stopped_at
    found = comparison.compare(step, recording.recorded(RECORDED[step]), conversation.seen[step],
                               server.foreign)
    meant = differences.expected(step, server.mode)
    unexpected = {path: pair for path, pair in found.items() if path not in meant}
    assert not unexpected, "differs from the recording:\n" + shown(unexpected)
    for path, row in meant.items():
        assert path in found, f"{path} differs no longer: remove the row ({row.why})"
        said = json.dumps(found[path][1], ensure_ascii=False)
        assert re.fullmatch(row.says, said, re.S), f"{path} is {said}, the table says {row.says}"
