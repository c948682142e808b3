"""Edited modules under every Python that is installed here: from 3.8 on in the shell of the embedded endpoint
as a bare process, older ones by themselves."""

import glob
import os
import subprocess
import zipfile

import pytest
from conversation.agent import install_statement, marked
from conversation.modules import answer_in, sent, statement
from test_pythons import shell  # noqa: F401  a fixture

PACKAGE = {
    "etl/__init__.py": "from .a import value\n",
    "etl/a.py": "from . import b\nfrom .b import WORD\ndef value():\n    return WORD, b.word()\n",
    "etl/b.py": "import etl.a\nWORD = 'old'\ndef word():\n    return WORD\n",
}
NEW_B = "import etl.a\nimport etl.c\nWORD = etl.c.WORD\ndef word():\n    return WORD\n"
STEPS = [
    dict(do="state", tops=["etl"]),
    dict(do="push", files={"etl/b.py": sent(NEW_B), "etl/c.py": sent("WORD = 'new'\n")}),
    dict(do="push", files={"etl/b.py": sent("1 / 0\n")}),
    dict(do="push", files={"etl/b.py": sent("def (\n")}),
    dict(do="push", files={}, deleted=["etl/c.py"], reload=[]),
]


def check(answers):
    assert set(answers[0]["files"]) == set(PACKAGE)
    assert answers[1]["kept"] == [] and answers[1]["executors"] == "none", answers[1]
    assert set(answers[1]["reloaded"]) == {"etl", "etl.a", "etl.b"}
    assert {"etl.a", "etl.b"} >= {name for name, _ in answers[2]["kept"]} >= {"etl.b"}, answers[2]
    assert "ZeroDivisionError" in dict(answers[2]["kept"])["etl.b"]
    assert "SyntaxError" in answers[3]["kept"][0][1]
    assert answers[4]["kept"] == []


@pytest.fixture
def archive(tmp_path):
    path = str(tmp_path / "bundle.zip")
    with zipfile.ZipFile(path, "w") as opened:
        for name, text in PACKAGE.items():
            opened.writestr(name, text)
    return path


@pytest.mark.parametrize("with_agent", [False, True], ids=["plain", "agent"])
def test_modules_are_renewed(shell, archive, with_agent):  # noqa: F811
    if with_agent:
        shell.run(install_statement("abcd"))
    number = iter(range(100))

    def run(code):
        said = shell.run(marked("m.%d" % next(number), code) if with_agent else code)
        assert said["status"] == "ok", said
        return said["data"]["text/plain"]

    run("import sys; sys.path.append(%r)\nimport etl" % archive)
    answers = [answer_in(run(statement(step, step is not STEPS[0]))) for step in STEPS[:2]]
    assert run("print(etl.value())").strip() == "('new', 'new')"
    answers += [answer_in(run(statement(step, True))) for step in STEPS[2:]]
    check(answers)
    assert run("print(etl.value())").strip() == "('new', 'new')"


def old_pythons():
    """Those that the agent is not for: of pyenv."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in ("2.7", "3.6", "3.7"):
        for path in sorted(glob.glob(os.path.join(root, "versions", version + ".*", "bin", "python")))[-1:]:
            yield pytest.param(path, version, id=version)


@pytest.mark.parametrize("python, version", list(old_pythons()))
def test_an_older_python_renews_them_or_says_that_it_cannot(python, version, archive, tmp_path):
    code = "import sys\nsys.path.append(%r)\nimport etl\n" % archive
    code += "\n".join(statement(step) for step in STEPS)
    code += "\n" + statement(STEPS[0], True) + "\nprint(etl.value())\n"
    done = subprocess.run([python, "-"], input=code, universal_newlines=True, timeout=60, cwd=str(tmp_path),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    lines = [answer_in(line) for line in done.stdout.split("\n") if line.startswith("livyd-modules: ")]
    if version == "2.7":
        words = "The session runs Python 2.7; its modules can be looked after from Python 3.6 on."
        assert lines == [{"problem": words}] * len(STEPS) + [{"missing": True}]
    else:
        check(lines)
        assert "('new', 'new')" in done.stdout
