"""The agent under every Python from 3.8 on that is installed here, without a server: in the shell of
the embedded endpoint as a bare process. Only the Python that runs the tests has to be there."""

import ast
import glob
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
from conversation.agent import (CALL, install_expression, install_statement, marked, source,
                                taken_apart)
from conversation.server import PROJECT, end
from conversation.side_channel import job, value

MINORS = range(8, 14)
# What Python 2.7 has as well, of what an expression may be made of.
OLD = {"Module", "Expression", "Expr", "Call", "Lambda", "arguments", "arg", "Name", "Load", "Param", "Attribute",
       "Constant", "Subscript", "Index", "Slice", "IfExp", "Compare", "GtE", "BinOp", "Mod", "Tuple", "Dict",
       "BoolOp", "And", "Or"}


def pythons():
    """One of each minor version: on PATH, or of pyenv."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for minor in MINORS:
        found = sorted(glob.glob(os.path.join(root, "versions", "3.%d.*" % minor, "bin", "python")))
        path = found[-1] if found else shutil.which("python3.%d" % minor)
        if path:
            yield pytest.param(path, id="3.%d" % minor)


class Shell:
    """The worker of `livyd local --strict`, spoken to over its own pipes."""

    def __init__(self, python, folder):
        os.makedirs(os.path.join(folder, "files"))
        script = shutil.copy(os.path.join(PROJECT, "server", "local", "worker.py"), folder)
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [python, "-u", "-I", script, "strict", str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ours.settimeout(30)
        self.channel = ours.makefile("rw", encoding="ascii")
        ours.close()
        assert "READY" in self.process.stdout.readline().decode()

    def request(self, code):
        line = json.dumps({"msg_type": "execute_request", "content": {"code": code}}) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the shell ended"
        return json.loads(line)["content"]

    def run(self, code):
        self.request(code)
        return self.answer()

    def evaluate(self, expression):
        request = {"id": 1, "op": "job", "job": job("lambda ctx: " + expression)}
        self.channel.write(json.dumps(request) + "\n")
        self.channel.flush()
        while True:
            said = json.loads(self.channel.readline())
            if said.get("done"):
                assert "result" in said, said
                return value(said["result"])

    def ask(self, do, **more):
        return taken_apart(self.evaluate(CALL % json.dumps(dict(more, do=do))))

    def close(self):
        self.channel.close()
        end(self.process)


@pytest.fixture(params=list(pythons()) or [pytest.param(sys.executable, id="this one")])
def shell(request, tmp_path, plain_python):
    shell = Shell(request.param, str(tmp_path / "shell"))
    yield shell
    shell.close()


@pytest.fixture
def own_shell(tmp_path, plain_python):
    """Of the Python that runs the tests."""
    shell = Shell(plain_python, str(tmp_path / "shell"))
    yield shell
    shell.close()


def test_it_works(shell):
    greeting = json.loads(shell.run(install_statement("abcd"))["data"]["text/plain"])
    assert greeting == {"api": 1, "nonce": "abcd", "python": greeting["python"], "run": ""}
    assert shell.run("1 + 1")["data"] == {"text/plain": "2"}
    assert shell.run(marked("a", "print('é')\n5"))["data"]["text/plain"] == "é\n5\n"
    said = shell.run(marked("b", "import os\n_ = os.system('echo child')"))
    assert said["data"]["text/plain"] == "child\n"
    assert shell.ask("read", run="a")[1] == "é\n5\n".encode()


def test_errors_have_their_lines(shell):
    shell.run(install_statement("abcd"))
    said = shell.run(marked("a", "def f():\n    try:\n        {}['k']\n    except KeyError as e:\n"
                                 "        raise ValueError('v') from e\nf()", "/project/a.py", 100))
    lines = "".join(said["traceback"])
    assert (said["ename"], said["evalue"]) == ("ValueError", "v")
    for wanted in ('File "/project/a.py", line 102, in f\n    {}[\'k\']', "direct cause",
                   'line 105, in <module>\n    f()'):
        assert wanted in lines, lines
    assert "livyd_agent" not in lines
    said = shell.run(marked("b", "x = (", "/project/a.py", 7))
    assert said["ename"] == "SyntaxError" and 'File "/project/a.py", line 7' in "".join(said["traceback"])
    assert shell.run(marked("c", "x = '\0'"))["status"] == "error"
    said = shell.run(marked("d", "import asyncio\nawait asyncio.sleep(0)\n1 / 0"))
    assert '"<cell>", line 3' in "".join(said["traceback"])
    assert shell.run("1 + 1")["data"] == {"text/plain": "2"}


def test_a_program_has_its_arguments(shell):
    shell.run(install_statement("abcd"))
    code = "import sys\n'not shown'\nprint(sys.argv, __name__, __file__)\nsys.exit(0)"
    said = shell.run(marked("a", code, "/project/a b.py", 1, ["one", "zwö $x"]))
    assert said["data"]["text/plain"] == "['/project/a b.py', 'one', 'zwö $x'] __main__ /project/a b.py\n"
    assert shell.run(marked("b", "import sys\nsys.exit(4)", "/a.py", 1, []))["evalue"] == "4"
    assert shell.run(marked("c", "'__file__' in globals()"))["data"]["text/plain"] == "False\n"


def test_interrupts_and_withdrawals(shell):
    shell.run(install_statement("abcd"))
    for number, code in enumerate(["import time\ntime.sleep(600)", "while True: print('x')",
                                   "import asyncio\nawait asyncio.sleep(600)"]):
        name = "run-%d" % number
        shell.request(marked(name, "print('begun')\n" + code))
        assert shell.ask("read", run=name, wait=10)[0]["ran"]
        while not shell.ask("read", run=name, wait=10)[1].startswith(b"begun\n"):
            pass
        assert shell.ask("interrupt", run=name)[0] == {"done": "interrupted"}
        assert shell.answer()["ename"] == "KeyboardInterrupt"
    assert shell.ask("withdraw", run="late")[0] == {"withdrawn": True}
    assert shell.run(marked("late", "1"))["ename"] == "LivydWithdrawn"
    assert shell.run("1 + 1")["data"] == {"text/plain": "2"}


def test_twenty_megabytes_arrive_whole(own_shell):
    shell = own_shell
    shell.run(install_statement("abcd"))
    shell.run(marked("a", "import sys\nfor n in range(20000): _ = sys.stdout.write('%01036d é\\n' % n)"))
    seen = hashlib.sha256()
    size = 0
    while True:
        facts, piece = shell.ask("read", run="a", offset=size, limit=4 << 20)
        assert facts["offset"] == size and facts["ended"]
        seen.update(piece)
        size += len(piece)
        if not piece:
            break
    whole = "".join("%01036d é\n" % n for n in range(20000)).encode()
    assert size == len(whole) == facts["size"] and size > 20000000
    assert seen.digest() == hashlib.sha256(whole).digest()


def test_it_is_written_for_3_8():
    ast.parse(source(), feature_version=(3, 8))


def test_its_outermost_lines_are_of_2_7():
    for text in (install_expression("abcd", False), install_statement("abcd")):
        found = {type(node).__name__ for node in ast.walk(ast.parse(text))}
        assert found <= OLD, found - OLD
        assert text.isascii() and "\n" not in text


def test_an_old_python_says_that_it_is_too_old(tmp_path):
    """The outermost lines with a version of 2.7: nothing of the agent is looked at."""
    fake = type(sys)("fake")
    fake.version_info = (2, 7, 18)
    text = install_expression("abcd", False)
    assert text.endswith('(__import__("sys"))')
    said = json.loads(eval(text[: -len('(__import__("sys"))')])(fake))
    assert said == {"error": "it runs Python 2.7, and Python 3.8 or newer is needed"}


def test_what_is_sent_stays_small():
    assert len(install_statement("0" * 32)) < 20000
