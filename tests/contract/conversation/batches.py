"""A Livy's batches, which do what a test says: states one look after the other, and a log of 200 lines."""

import collections
import json
import re
import threading

from . import fake_livy as fake

RING = 200


class Batch:
    """`states` are shown one look after the other; the last one stays. A test may also set `state`."""

    def __init__(self, id, asked, states):
        self.id, self.asked, self.states = id, asked, list(states)
        self.owner = None
        self.lines = collections.deque(maxlen=RING)
        self.looks = 0

    @property
    def state(self):
        return self.states[0]

    @state.setter
    def state(self, state):
        self.states = [state]

    def view(self, moves=False):
        self.looks += moves
        if moves and self.looks > 1 and len(self.states) > 1:
            self.states.pop(0)
        return {"id": self.id, "name": self.asked.get("name"), "owner": self.owner, "proxyUser": None,
                "state": self.state, "appId": None, "appInfo": {"driverLogUrl": None, "sparkUiUrl": None},
                "log": self.log()[-10:]}

    def log(self):
        return ["stdout: ", *self.lines, "\nstderr: "]

    def write(self, word, first, last):
        self.lines.extend([f"{word} {n}" for n in range(first, last)])  # in one step: it is read meanwhile


class Batches(fake.Behaviour):
    """`states` and `lines` are those of each new batch; `lose` says what becomes of the answer to a POST:
    "" arrives, "answer" the batch is made and the answer lost, "both" neither was."""

    def __init__(self, states=("starting", "running", "success"), lines=()):
        self.states, self.lines, self.lose = states, list(lines), ""
        self.all, self.lock = {}, threading.Lock()

    def make(self, asked=None, states=None):
        with self.lock:
            batch = Batch(len(self.all), asked or {}, states or self.states)
            batch.lines.extend(self.lines)
            self.all[batch.id] = batch
            return batch

    def intercept(self, request):
        path, _, query = request.path.partition("?")
        found = re.fullmatch(r"/batches(?:/([^/]+))?(/log)?", path)
        if not found:
            return False
        name, log = found.groups()
        if request.command == "POST":
            self.post(request)
        elif name is None:
            self.list(request, query)
        else:
            self.one(request, name, bool(log))
        return True

    def post(self, request):
        asked = json.loads(next(body for method, path, body in reversed(request.server_livy.requests)
                                if (method, path) == ("POST", request.path)))
        if self.lose == "both":
            return request.answer(502, "<html><title>Bad Gateway</title></html>", "text/html")
        batch = self.make(asked)
        if self.lose == "answer":
            return request.answer(502, "<html><title>Bad Gateway</title></html>", "text/html")
        request.answer(201, batch.view())

    def list(self, request, query):
        first = int((re.search(r"from=(\d+)", query) or [0, 0])[1])
        size = int((re.search(r"size=(\d+)", query) or [0, 100])[1])
        views = [batch.view() for batch in list(self.all.values())]
        request.answer(200, {"from": first, "total": len(views), "sessions": views[first:first + size]})

    def one(self, request, name, log):
        batch = next((one for one in list(self.all.values())
                      if name in (str(one.id), one.asked.get("name"))), None)
        if batch is None:
            return request.answer(404, {"msg": f"Session '{name}' not found."})
        if request.command == "DELETE":
            with self.lock:
                self.all.pop(batch.id, None)
            return request.answer(200, {"msg": "deleted"})
        if log:
            lines = batch.log()
            return request.answer(200, {"id": batch.id, "from": 0, "total": len(lines), "log": lines})
        request.answer(200, batch.view(moves=True))
