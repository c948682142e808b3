"""Every cell of tests/data/cells, with the agent and without, against what its file says.

LIVYD_WRITE_CELLS=1 writes the files anew; read what changed before it is committed.
"""

import os

import pytest
from conversation import cells
from conversation.agent import Agent, marked
from conversation.client import FINISHED, wait_for

WRITE = os.environ.get("LIVYD_WRITE_CELLS")
REAL = "livy-0.9.0"


class Sessions:
    """One session for many cells; a new one after a cell that broke it."""

    def __init__(self, server, with_agent):
        self.server = server
        self.with_agent = with_agent
        self.session = None

    def agent(self):
        if self.session is None:
            self.session = self.server.client.create().wait_idle(300)
            if self.with_agent:
                Agent(self.session).install()
        return Agent(self.session)

    def close(self):
        if self.session is not None:
            self.session.delete()
            self.session = None


@pytest.fixture(scope="module", params=["agent", "plain"])
def sessions(request, server):
    sessions = Sessions(server, request.param == "agent")
    yield sessions
    sessions.close()


def finished(session, code):
    """The output, or nothing when the session ended meanwhile."""
    answer = session.client.post(session.path + "/statements", {"code": code})
    if answer.status_code != 201:
        return None

    def look():
        seen = session.client.get("%s/statements/%d" % (session.path, answer.json()["id"]))
        if seen.status_code != 200:
            return {"output": None}
        return seen.json() if seen.json()["state"] in FINISHED and seen.json()["completed"] else None

    return wait_for(look, "a cell to finish")["output"]


def afterwards(session):
    """What a plain cell says now."""
    output = finished(session, cells.AFTERWARDS)
    if output is None:
        return "and then the session is dead"
    if output["status"] == "error":
        return "and then 1 + 1 is error %s" % output["ename"]
    text = output["data"].get("text/plain")
    return "and then 1 + 1 is %s" % (text or "empty")


def outcome(sessions, name, code):
    session = sessions.agent().session
    text = marked("cell-%s.%d" % (name.replace("_", "-"), session.id), code, cells.FILE, cells.LINE)
    output = finished(session, text)
    after = afterwards(session)
    if after != cells.LIVED or name.startswith("exit"):  # which closes sys.stdin
        sessions.close()
    return cells.shown(output, after)


def test_there_are_many_cells():
    assert len(cells.names()) >= 30


@pytest.mark.parametrize("name", cells.names())
def test_cell(sessions, server, name):
    mode = "agent" if sessions.with_agent else "plain"
    folder = REAL if server.foreign else ""
    expected = cells.load(name, folder)
    seen = outcome(sessions, name, cells.code_of(expected))
    if WRITE and seen != expected.get(mode):
        own = {**(cells.sections(cells.path_of(name, folder))
                  if os.path.exists(cells.path_of(name, folder)) else {}), mode: seen}
        cells.save(name, own, folder)
        return
    assert seen == expected[mode]
    if sessions.with_agent:
        assert seen.endswith(" 2\n")
