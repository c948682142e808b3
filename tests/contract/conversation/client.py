"""Speaks Livy's REST to one server, with a deadline on everything; knows nothing of pytest."""

import time

import requests

REQUEST_SECONDS = 60
# Statement states after which nothing more is to come.
FINISHED = ("available", "cancelled", "error")


def wait_for(look, what, seconds=60):
    """Calls `look` until it answers something true, and returns that; fails after `seconds`."""
    until = time.monotonic() + seconds
    pause = 0.005
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


class Client:
    """One server as a caller sees it. `token` is sent as Bearer; None sends none."""

    def __init__(self, url, token=None):
        self.url = url.rstrip("/")
        self.token = token
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers.update({"Accept": "application/json", "X-Requested-By": "contract"})
        # A real Livy answers an upload with gzip's 20 bytes for "nothing" otherwise.
        self.http.headers["Accept-Encoding"] = "identity"
        if token:
            self.http.headers["Authorization"] = "Bearer " + token

    def request(self, method, path, **more):
        more.setdefault("timeout", REQUEST_SECONDS)
        more.setdefault("allow_redirects", False)
        return self.http.request(method, self.url + path, **more)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, json=body, **more)

    def create(self, **body):
        """Creates a session and returns it without waiting."""
        body.setdefault("kind", "pyspark")
        answer = self.post("/sessions", body)
        assert answer.status_code == 201, answer.text
        return Session(self, answer.json()["id"])

    def close(self):
        self.http.close()


class Session:
    """One session of a server, driven as a careful client drives it."""

    def __init__(self, client, id):
        self.client = client
        self.id = id
        self.path = f"/sessions/{id}"

    def view(self):
        answer = self.client.get(self.path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self):
        answer = self.client.get(self.path + "/state")
        return answer.json()["state"] if answer.status_code == 200 else None

    def wait_idle(self, seconds=90):
        def look():
            state = self.state()
            assert state not in ("dead", "error", "killed", None), f"{state}: {self.log()}"
            return state == "idle"

        wait_for(look, f"session {self.id} to be idle", seconds)
        return self

    def log(self, query="?size=-1"):
        return self.client.get(self.path + "/log" + query).json()["log"]

    def post(self, code, kind=None):
        body = {"code": code} if kind is None else {"code": code, "kind": kind}
        answer = self.client.post(self.path + "/statements", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def statement(self, id):
        answer = self.client.get(f"{self.path}/statements/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_state(self, id, *states, seconds=60):
        def look():
            statement = self.statement(id)
            return statement if statement["state"] in states else None

        return wait_for(look, f"statement {id} to be {' or '.join(states)}", seconds)

    def result(self, id, seconds=180):
        """The finished statement. One with `completed` 0 is torn and read again."""

        def look():
            statement = self.statement(id)
            return statement if statement["state"] in FINISHED and statement["completed"] else None

        return wait_for(look, f"statement {id} to finish", seconds)

    def run(self, code, kind=None, seconds=60):
        """Runs code and returns the statement's output."""
        return self.result(self.post(code, kind), seconds)["output"]

    def text(self, code, seconds=60):
        output = self.run(code, seconds=seconds)
        assert output["status"] == "ok", output
        return output["data"]["text/plain"]

    def cancel(self, id):
        answer = self.client.post(f"{self.path}/statements/{id}/cancel")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def submit(self, job):
        """Starts a side-channel job (bytes of a pickle, base64) and returns its id."""
        answer = self.client.post(self.path + "/submit-job", {"job": job, "jobType": "pyspark"})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def job(self, id, seconds=30):
        """The job's final answer; the server forgets it with that."""

        def look():
            answer = self.client.get(f"{self.path}/jobs/{id}")
            assert answer.status_code == 200, answer.text
            job = answer.json()
            return job if job["state"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

        return wait_for(look, f"job {id}", seconds)

    def delete(self):
        return self.client.request("DELETE", self.path)
