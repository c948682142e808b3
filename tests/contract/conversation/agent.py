"""The agent as the daemon uses it: installed as an expression, asked through the side channel."""

import base64
import json
import os
import urllib.parse
import zlib

from .server import PROJECT
from .side_channel import job, value

SOURCE = os.path.join(PROJECT, "server", "agent", "livyd_agent.py")
# How server/agent/install.cpp carries the agent: an expression of Python 2.7's grammar.
INSTALL = (
    '(lambda sys: (lambda names: (eval(compile(__import__("zlib").decompress(__import__("base64")'
    '.b64decode("%(packed)s")), "livyd_agent.py", "exec"), names), names["install"]("%(nonce)s", '
    '%(as_statement)s))[1])({"__name__": "livyd_agent"}) if sys.version_info >= (3, 8) else '
    '(\'{"error": "it runs Python %%d.%%d, and Python 3.8 or newer is needed"}\''
    ' %% tuple(sys.version_info[:2])).encode("ascii"))(__import__("sys"))'
)
CALL = '__import__("sys").modules["__main__"].msg_type_router["execute_request"].__self__.call(%r)'


def source():
    with open(SOURCE, encoding="utf-8") as file:
        return file.read()


def install_expression(nonce, as_statement, text=None):
    packed = base64.b64encode(zlib.compress((text or source()).encode(), 9)).decode()
    return INSTALL % {"packed": packed, "nonce": nonce, "as_statement": as_statement}


def install_statement(nonce, text=None):
    return 'print(%s.decode("utf-8"))' % install_expression(nonce, True, text)


def marked(name, code, file=None, line=None, program=None):
    """The code of a run as the daemon sends it."""
    words = ["# livyd", "run=" + name]
    if file is not None:
        words.append("file=" + urllib.parse.quote(file))
    if line is not None:
        words.append("line=%d" % line)
    if program is not None:
        words.append("program=" + urllib.parse.quote(json.dumps(program)))
    return " ".join(words) + "\n" + code


def taken_apart(answer):
    """Facts and payload of what the agent answered."""
    first, _, payload = answer.partition(b"\n")
    return json.loads(first), payload


class Agent:
    """The agent of one session. Names of runs are unique in it."""

    def __init__(self, session):
        self.session = session
        self.count = 0

    def install(self, nonce="0123abcd", text=None):
        return json.loads(self.session.text(install_statement(nonce, text)))

    def install_beside(self, nonce="0123abcd"):
        """Through the side channel."""
        return json.loads(self.evaluate(install_expression(nonce, False)))

    def evaluate(self, expression):
        answer = self.session.job(self.session.submit(job("lambda ctx: " + expression)))
        assert answer["state"] == "SUCCEEDED", answer["error"]
        return value(answer["result"])

    def ask(self, do, **more):
        return taken_apart(self.evaluate(CALL % json.dumps(dict(more, do=do))))

    def facts(self, do, **more):
        return self.ask(do, **more)[0]

    def new_name(self):
        self.count += 1
        return "run-%d.%d" % (self.session.id, self.count)

    def post(self, code, name=None, **options):
        """Sends a run; returns its name and the statement's id."""
        name = name or self.new_name()
        return name, self.session.post(marked(name, code, **options))

    def run(self, code, name=None, **options):
        return self.session.result(self.post(code, name, **options)[1])["output"]

    def text(self, code, **options):
        output = self.run(code, **options)
        assert output["status"] == "ok", output
        return output["data"]["text/plain"]

    def read_to(self, name, wanted, seconds=10):
        """Reads by long poll until `wanted` is in what was read, or the run has ended."""
        seen = b""
        while True:
            facts, piece = self.ask("read", run=name, offset=len(seen), wait=seconds)
            assert not piece or facts["offset"] == len(seen)
            seen += piece
            if wanted in seen or facts["ended"]:
                return seen.decode()

    def whole(self, name):
        """The whole record of a run that has ended."""
        seen = b""
        while True:
            facts, piece = self.ask("read", run=name, offset=len(seen), limit=4 << 20)
            seen += piece
            if facts["ended"] and len(seen) >= facts["size"]:
                return seen
            assert piece or not facts["ended"], facts
