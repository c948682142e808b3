"""Holds the recorded conversation with a real Livy 0.9.0 again, with another server.

Ids and names of the recording are mapped to those of the new conversation; where the recording
waited (for a result, for a state), this waits too, with requests of its own that are not compared.
"""

import json
import os
import re
import uuid

from .client import FINISHED, Session, wait_for
from .server import PROJECT

PATH = os.path.join(PROJECT, "tests", "data", "livy-0.9.0.jsonl")
RECORDED_NAME, RECORDED_MODULE, RECORDED_SESSION = "record-rec2", "livyd_rec_rec2", "5"
# The summaries among the steps: no single exchange stands behind them.
CUT = re.compile("…\\[(\\d+) characters\\]…")
STATES, JOB_RESULT = "states while starting", " / job result"
# Not asked of a server that is not ours: there it leaves a driver running for ten minutes (LIVY-765).
UNKIND = {"create: same name"}


def load():
    with open(PATH, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def steps():
    return [exchange["step"] for exchange in load()]


def media_type(headers):
    return (headers.get("Content-Type") or "").replace(" ", "").lower()


class Seen:
    """One answer, of the recording or of the server under test, in the form that is compared."""

    def __init__(self, status, headers, text):
        self.status = status
        self.content_type = media_type(headers)
        self.location = headers.get("Location")
        self.text = text or ""


def recorded(exchange):
    response = exchange["response"]
    return Seen(response["status"], response.get("headers") or {}, mended(response["body"]))


def mended(text):
    """A body over 20,000 characters was cut somewhere in its middle: makes it JSON again."""
    if not text or not CUT.search(text):
        return text
    for joint in (r"\g<0>", r'\g<0>"', r',"\g<0>', r'\g<0>","'):
        whole = CUT.sub(joint, text)
        try:
            json.loads(whole)
            return whole
        except ValueError:
            pass
    raise AssertionError("a cut body cannot be mended: " + text[:60])


class Conversation:
    """Holds the whole conversation once; `seen` maps each step to what this server answered."""

    def __init__(self, server):
        self.server = server
        self.client = server.client
        self.seen = {}
        self.stopped_at = None
        unique = uuid.uuid4().hex[:8]
        self.name, self.module = "contract-" + unique, "livyd_rec_" + unique
        self.session = None
        self.jobs = {}
        self.job_answers = {}

    def hold(self):
        exchanges = load()
        for index, exchange in enumerate(exchanges):
            step = exchange["step"]
            if self.server.foreign and step in UNKIND:
                continue
            try:
                self.take(step, exchange, exchanges[index + 1:])
            except Exception as problem:
                # The steps after this one report it too; what was seen so far is still compared.
                self.stopped_at = f"the conversation ended at step '{step}': {problem}"
                break
        if self.session:
            self.session.delete()
        return self

    def take(self, step, exchange, following):
        if step == STATES:
            self.seen[step] = Seen(200, {}, json.dumps(self.states_until_idle()))
        elif step.endswith(JOB_RESULT):
            answer = self.job_answers[step]
            self.seen[step] = Seen(200, {}, json.dumps(answer))
        else:
            self.wait_before(step, exchange)
            self.seen[step] = self.ask(exchange["request"])
            self.look_after(step)

    def ask(self, request):
        path = self.mapped_path(request["path"])
        body = request["body"]
        if body is not None:
            body = body.replace(RECORDED_NAME, self.name).replace(RECORDED_MODULE, self.module)
        if "multipart" in (request["headers"].get("Content-Type") or ""):
            body = re.sub("\r?\n", "\r\n", body)
        headers = dict(request["headers"])
        answer = self.client.request(request["method"], path, headers=headers,
                                     data=None if body is None else body.encode())
        # In UTF-8 whatever requests guesses, and in the recording's own names.
        text = answer.content.decode("utf-8", "replace")
        text = text.replace(self.name, RECORDED_NAME).replace(self.module, RECORDED_MODULE)
        return Seen(answer.status_code, answer.headers, text)

    def mapped_path(self, path):
        path = path.replace(RECORDED_NAME, self.name)
        if self.session:
            path = re.sub(rf"^/sessions/{RECORDED_SESSION}(?=/|$|\?)", self.session.path, path)
        return re.sub(r"/jobs/(\d+)$", lambda at: f"/jobs/{self.jobs.get(at[1], at[1])}", path)

    def states_until_idle(self):
        states = []

        def look():
            state = self.session.state()
            if not states or states[-1] != state:
                states.append(state)
            assert state in ("starting", "idle", "busy"), f"{states}: {self.session.log()}"
            return state == "idle"

        wait_for(look, "the session to be idle", 120)
        return states

    def wait_before(self, step, exchange):
        path = (exchange["request"]["path"] or "").split("?")[0]
        statement = re.match(r"^/sessions/\d+/statements/(\d+)$", path)
        if step.endswith(" / result") or step in ("queued: cancelled", "long: after", "spark long: after"):
            self.session.result(int(statement[1]))
        elif step in ("long: running", "spark long: running"):
            self.session.wait_state(int(statement[1]), "running", *FINISHED)
        elif step == "long: session after":
            self.session.wait_idle()
        elif step == "dead interpreter: session":
            wait_for(lambda: self.session.state() in ("error", "dead"), "state error")
        elif step.endswith(" / job again"):
            key = step.removesuffix(" / job again")
            recorded_id = path.rsplit("/", 1)[1]
            self.job_answers[key + JOB_RESULT] = self.session.job(self.jobs[recorded_id])

    def look_after(self, step):
        """Takes from an answer the ids that later steps need."""
        answer = self.seen[step]
        if step == "create":
            assert answer.status == 201, answer.text
            self.session = Session(self.client, json.loads(answer.text)["id"])
        elif step.endswith(" / submit-job"):
            recorded_id = {"beside a running statement": "1", "job": "2", "job that fails": "3"}
            assert answer.status == 201, answer.text
            self.jobs[recorded_id[step.removesuffix(" / submit-job")]] = json.loads(answer.text)["id"]
