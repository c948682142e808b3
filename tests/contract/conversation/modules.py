"""The modules in a session as the daemon asks for them: one statement a request, with or without the agent."""

import base64
import json
import os
import re
import zlib

from .server import PROJECT

FOLDER = os.path.join(PROJECT, "server", "agent")
PREFIX = "livyd-modules: "


def constants():
    """The raw strings of server/agent/modules.cpp, by name: the statements are made of them."""
    with open(os.path.join(FOLDER, "modules.cpp"), encoding="utf-8") as file:
        text = file.read()
    found = {}
    for name, value in re.findall(r"string_view (\w+) =((?:\s*R\"py\(.*?\)py\")+);", text, re.DOTALL):
        found[name] = "".join(re.findall(r"R\"py\((.*?)\)py\"", value, re.DOTALL))
    return found


def statement(request, may_be_there=False):
    """As modules_statement() makes it."""
    text, part = json.dumps(request), constants()
    call = '.run("%s")' % text.replace("\\", "\\\\").replace('"', '\\"')
    there = part["is_there"]
    if may_be_there:
        code = '(lambda sys: sys.modules["livyd_modules"]%s if %s else %s)(__import__("sys"))'
        return code % (call, there, part["say_missing"])
    with open(os.path.join(FOLDER, "livyd_modules.py"), "rb") as file:
        packed = base64.b85encode(zlib.compress(file.read(), 9)).decode()
    return "".join(['(lambda sys: (sys.modules["livyd_modules"] if ', there, " else ", part["install_head"], packed,
                    part["install_tail"], ")", call, " if sys.version_info >= (3, 6) else ", part["too_old"],
                    ')(__import__("sys"))'])


def answer_in(text):
    """As read_modules_answer() reads it."""
    lines = [line for line in text.split("\n") if line.startswith(PREFIX)]
    assert lines, text
    return json.loads(lines[-1][len(PREFIX):])


def sent(content):
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


class Modules:
    """The modules of one session. With an agent, runs and requests are marked as the daemon marks them."""

    def __init__(self, session, agent=None):
        self.session = session
        self.agent = agent
        self.there = False

    def run(self, code):
        """What it printed."""
        output = self.agent.run(code) if self.agent else self.session.run(code, seconds=180)
        assert output["status"] == "ok", output
        return output["data"]["text/plain"]

    def value(self, expression):
        return eval(self.run("print(repr((%s)))" % expression).strip().split("\n")[-1])

    def ask(self, do, **more):
        text = self.run(statement(dict(more, do=do), self.there))
        self.there = True
        return answer_in(text)

    def push(self, files=None, deleted=(), **more):
        files = {path: content if isinstance(content, dict) else sent(content)
                 for path, content in (files or {}).items()}
        return self.ask("push", files=files, deleted=list(deleted), **more)
