"""An edited module is live in the next run: what is promised for each kind of edit (docs/reload.md), with
Livy's plain shell and with the agent, in a session as bad as Livy's and in one of ours."""

import hashlib
import json
import os
import subprocess
import zipfile

import pytest
from conversation.agent import Agent
from conversation.client import wait_for
from conversation.modules import Modules, answer_in, sent, statement
from conversation.server import LIVY_URL, EmbeddedServer, ForeignServer

PACKAGE = {
    "__init__.py": "from {0}.shapes import Square\nVERSION = 'one'\n",
    "base.py": "FACTOR = 1\ndef scale(x):\n    return x * FACTOR\n",
    "shapes.py": "from .base import scale\nclass Square:\n    def __init__(self, a):\n        self.a = a\n"
                 "    def area(self):\n        return 'old', scale(self.a * self.a)\n",
    "whole.py": "import {0}.base\nloaded = globals().get('loaded', 0) + 1\ndef scaled():\n"
                "    return {0}.base.scale(10)\n",
    "late.py": "def scaled():\n    from .base import scale\n    return scale(10)\n",
    "sub/__init__.py": "",
    "sub/deep.py": "from ..base import FACTOR as factor\nCOPY = factor\n",
    "data.txt": "a table\n",
}


@pytest.fixture(scope="module", params=["strict", "default"] if not LIVY_URL else ["real"])
def server(request, tmp_path_factory, plain_python):
    if LIVY_URL:
        server = ForeignServer(LIVY_URL)
    else:
        more = ["--strict"] if request.param == "strict" else []
        server = EmbeddedServer(str(tmp_path_factory.mktemp(request.param)), plain_python, *more)
    yield server
    server.close()


@pytest.fixture(scope="module", params=["plain", "agent"])
def modules(request, server):
    """One session that many tests share, each with packages of its own."""
    session = server.client.create().wait_idle(300)
    agent = None
    if request.param == "agent":
        agent = Agent(session)
        agent.install()
    yield Modules(session, agent)
    session.delete()


@pytest.fixture
def fresh(server):
    """A session of one test."""
    session = server.client.create().wait_idle(300)
    yield Modules(session)
    session.delete()


count = 0


@pytest.fixture(params=["folder", "zip"])
def package(request, modules, tmp_path):
    """The name of a package of its own on sys.path, as PACKAGE has it."""
    global count
    count += 1
    name = "etl%d" % count
    files = {"%s/%s" % (name, path): text.format(name) for path, text in PACKAGE.items()}
    place = give(modules, tmp_path, files, request.param)
    yield name
    modules.run("import sys; sys.path.remove(%r)" % place)


def give(modules, folder, files, form="folder"):
    """Puts files where the session finds them: on sys.path, behind what stands there."""
    if form == "zip":
        place = str(folder / "bundle.zip")
        with zipfile.ZipFile(place, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
    else:
        place = str(folder / "project")
        for path, text in files.items():
            target = os.path.join(place, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                file.write(text)
    modules.run("import sys; sys.path.append(%r)" % place)
    return place


def text_of(path, package):
    return PACKAGE[path].format(package)


# ------------------------------------------------------------ the rows of the table


def test_a_module_is_new_in_the_next_run(modules, package):
    modules.run("import %s.base" % package)
    answer = modules.push({package + "/base.py": "FACTOR = 2\ndef scale(x):\n    return x * FACTOR\n"})
    assert answer["kept"] == [] and package + ".base" in answer["reloaded"], answer
    assert answer["executors"] == "none"
    assert modules.value("%s.base.scale(5)" % package) == 10


def test_a_top_level_module_is_new(modules, tmp_path):
    give(modules, tmp_path, {"helper_%d.py" % os.getpid(): "VALUE = 1\n"})
    name = "helper_%d" % os.getpid()
    try:
        modules.run("import " + name)
        before = modules.value("%s.VALUE" % name)
        answer = modules.push({name + ".py": "VALUE = %d\n" % (before + 10)})
        assert answer["reloaded"] == [name]
        assert modules.value("%s.VALUE" % name) == before + 10
        assert modules.push({}, [name + ".py"])["kept"] == []
        assert "deleted" in modules.run("try:\n    import %s\nexcept ModuleNotFoundError as e:\n"
                                        "    print('deleted', e)" % name)
        assert modules.ask("state", tops=[name])["files"] == {}
    finally:
        modules.run("import sys; sys.path.remove(%r)" % str(tmp_path / "project"))


def test_a_package_is_new(modules, package):
    modules.run("import " + package)
    answer = modules.push({package + "/__init__.py": "from .base import scale\nVERSION = 'two'\n"})
    assert answer["reloaded"] == [package] and answer["kept"] == [], answer
    assert modules.value("%s.VERSION, %s.scale(3)" % (package, package)) == ("two", 3)
    assert modules.value("hasattr(%s, 'Square')" % package) is False  # a name that is gone is gone


def test_a_submodule_of_a_subpackage_is_new(modules, package):
    modules.run("import %s.sub.deep" % package)
    answer = modules.push({package + "/sub/deep.py": "COPY = 'new'\n"})
    assert answer["reloaded"] == [package + ".sub.deep"]
    assert modules.value("%s.sub.deep.COPY" % package) == "new"


def test_modules_that_took_names_are_loaded_again_after_what_they_took_from(modules, package):
    modules.run("import {0}, {0}.sub.deep, {0}.whole, {0}.late".format(package))
    answer = modules.push({package + "/base.py": "FACTOR = 7\ndef scale(x):\n    return x * FACTOR\n"})
    order = [name[len(package):] for name in answer["reloaded"]]
    assert set(order) == {"", ".base", ".shapes", ".sub.deep"} and answer["kept"] == [], answer
    assert order.index(".base") < order.index(".shapes") < order.index("")
    assert order.index(".base") < order.index(".sub.deep")
    assert modules.value("{0}.Square(2).area(), {0}.sub.deep.COPY".format(package)) == (("old", 28), 7)
    # These reach the new one without being loaded again, and keep their state.
    assert modules.value("{0}.whole.scaled(), {0}.late.scaled(), {0}.whole.loaded".format(package)) == (70, 70, 1)


def test_a_user_of_a_package_in_another_package_is_loaded_again(modules, package, tmp_path):
    other = "jobs_" + package
    (tmp_path / "other").mkdir()
    place = give(modules, tmp_path / "other", {other + ".py": "from %s.base import FACTOR\n" % package}, "zip")
    modules.run("import " + other)
    answer = modules.push({package + "/base.py": "FACTOR = 3\ndef scale(x):\n    return x\n"})
    assert answer["reloaded"].index(package + ".base") < answer["reloaded"].index(other), answer
    assert modules.value(other + ".FACTOR") == 3
    modules.run("import sys; sys.path.remove(%r)" % place)


CIRCLE = {
    "__init__.py": "",
    "tree.py": "from .leaf import Leaf\nclass Tree:\n    kind = '{1} tree'\n    def leaf(self):\n        return Leaf()\n"
               "class Base:\n    word = '{1}'\n",
    "leaf.py": "from . import tree\nclass Leaf:\n    def kind(self):\n        return tree.Tree.kind, '{1} leaf'\n",
    "strict.py": "from .tree import Base\nclass Strict(Base):\n    pass\n",
}


def circle(package, word, *paths):
    return {"%s/%s" % (package, path): CIRCLE[path].format(package, word) for path in paths or CIRCLE}


def test_modules_that_import_each_other_are_loaded_as_one(modules, tmp_path):
    package = "circle_%d" % id(modules)
    place = give(modules, tmp_path, circle(package, "old"))
    modules.run("import {0}.strict, {0}.tree; held = {0}.leaf".format(package))
    answer = modules.push(circle(package, "new", "tree.py", "leaf.py"))
    assert answer["kept"] == [], answer
    assert set(answer["reloaded"]) == {package + end for end in (".tree", ".leaf", ".strict")}
    assert answer["reloaded"][-1] == package + ".strict"
    assert modules.value("{0}.tree.Tree().leaf().kind()".format(package)) == ("new tree", "new leaf")
    assert modules.value("isinstance({0}.tree.Tree().leaf(), {0}.leaf.Leaf), held is {0}.leaf, "
                         "{0}.strict.Strict.word".format(package)) == (True, True, "new")
    modules.run("import sys; sys.path.remove(%r)" % place)


def test_a_failing_circle_stays_as_it_was(modules, tmp_path):
    package = "ring_%d" % id(modules)
    place = give(modules, tmp_path, circle(package, "old"))
    modules.run("import {0}.tree; held = {0}.tree, {0}.leaf, {0}.leaf.Leaf".format(package))
    files = circle(package, "new", "tree.py", "leaf.py")
    files[package + "/leaf.py"] += "1 / 0\n"
    answer = modules.push(files)
    assert {name for name, _ in answer["kept"]} == {package + ".tree", package + ".leaf"}, answer
    assert all("ZeroDivisionError: division by zero" in reason for _, reason in answer["kept"])
    assert modules.value("{0}.tree.Tree().leaf().kind()".format(package)) == ("old tree", "old leaf")
    assert modules.value("held == ({0}.tree, {0}.leaf, {0}.leaf.Leaf) and held[1] is "
                         "__import__('sys').modules['{0}.leaf']".format(package)) is True
    again = "import importlib; print(importlib.reload({0}.leaf).Leaf().kind())"
    assert "old leaf" in modules.run(again.format(package))  # its file is the old one, too
    modules.run("import sys; sys.path.remove(%r)" % place)


def test_living_instances_keep_their_class(modules, package):
    """What is promised: they work as before, new ones are new, and the two are of different classes."""
    modules.run("import {0}.shapes\nliving = {0}.shapes.Square(3)".format(package))
    new = text_of("shapes.py", package).replace("'old'", "'new'")
    assert modules.push({package + "/shapes.py": new})["kept"] == []
    assert modules.value("living.area()") == ("old", 9)
    assert modules.value("{0}.shapes.Square(3).area()".format(package)) == ("new", 9)
    assert modules.value("isinstance(living, {0}.shapes.Square)".format(package)) is False
    modules.run("living.__class__ = {0}.shapes.Square".format(package))  # the way that the docs name
    assert modules.value("living.area()") == ("new", 9)


def test_a_name_that_a_cell_took_is_the_cells_own(modules, package):
    modules.run("import {0}.base; from {0}.base import scale as taken".format(package))
    modules.push({package + "/base.py": "FACTOR = 3\ndef scale(x):\n    return 'new'\n"})
    assert modules.value("taken(4)") == 12  # the old function, in the module as it is now
    assert modules.value("{0}.base.scale(4)".format(package)) == "new"
    modules.run("from {0}.base import scale as taken".format(package))
    assert modules.value("taken(4)") == "new"


def test_what_was_put_into_a_module_from_outside_stays(modules, package):
    modules.run("import {0}.base; {0}.base.context = 'of a cell'".format(package))
    modules.push({package + "/base.py": "def scale(x):\n    return context\n"})
    assert modules.value("{0}.base.scale(1)".format(package)) == "of a cell"
    assert modules.value("hasattr({0}.base, 'FACTOR')".format(package)) is False


def test_a_new_file_can_be_imported_and_used_at_once(modules, package):
    modules.run("import {0}.base".format(package))
    answer = modules.push({package + "/extra.py": "WORD = 'there'\n", package + "/more/__init__.py": "DEEP = 1\n",
                           package + "/base.py": "from .extra import WORD\ndef scale(x):\n    return WORD\n"})
    assert answer["kept"] == [], answer
    assert modules.value("{0}.base.scale(1)".format(package)) == "there"
    modules.run("import {0}.more".format(package))
    assert modules.value("{0}.more.DEEP".format(package)) == 1


def test_a_new_package_can_be_imported(modules):
    name = "brand_new_%d" % id(modules)
    assert modules.push({name + "/__init__.py": "", name + "/a.py": "A = 1\n"})["kept"] == []
    modules.run("import %s.a" % name)
    assert modules.value("%s.a.A" % name) == 1


def test_a_deleted_file_is_gone(modules, package):
    modules.run("import {0}.late, {0}.sub.deep; held = {0}.late".format(package))
    answer = modules.push({}, [package + "/late.py", package + "/sub/deep.py", package + "/sub/__init__.py"])
    assert answer["kept"] == [], answer
    for name in ("late", "sub.deep", "sub"):
        said = modules.run("try:\n    import {0}.{1}\nexcept ModuleNotFoundError as e:\n"
                           "    print('gone', e)".format(package, name))
        assert "gone No module named" in said, (name, said)
    assert modules.value("hasattr({0}, 'late'), held.scaled()".format(package)) == (False, 10)
    assert set(modules.ask("state", tops=[package])["files"]) == {
        package + "/" + path for path in PACKAGE if path != "late.py" and not path.startswith("sub/")}


def test_a_deleted_file_that_is_still_imported_is_told(modules, package):
    modules.run("import {0}.sub.deep".format(package))
    answer = modules.push({}, [package + "/base.py"])
    kept = dict(answer["kept"])
    assert "No module named" in kept[package + ".shapes"] and package + ".sub.deep" in kept, answer
    assert modules.value("{0}.Square(2).area()".format(package)) == ("old", 4)


def test_a_syntax_error_is_found_before_anything_is_touched(modules, package):
    modules.run("import {0}.base, {0}.late".format(package))
    answer = modules.push({package + "/base.py": "def scale(x:\n    return 1\n",
                           package + "/late.py": "def scaled():\n    return 'new'\n"})
    assert [name for name, _ in answer["kept"]] == [package + ".base"]
    assert "SyntaxError" in answer["kept"][0][1] and "base.py, line 1" in answer["kept"][0][1]
    assert answer["reloaded"] == [package + ".late"]
    assert modules.value("{0}.base.scale(4), {0}.late.scaled()".format(package)) == (4, "new")
    state = modules.ask("state", tops=[package])["files"]
    assert state[package + "/base.py"] == hashlib.sha256(text_of("base.py", package).encode()).hexdigest()


@pytest.mark.parametrize("line, reason", [
    ("1 / 0", "ZeroDivisionError: division by zero ({0}/base.py, line 3)"),
    ("import there_is_no_such_module", "ModuleNotFoundError: No module named 'there_is_no_such_module'"),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd()", "Odd"),
], ids=["zero", "import", "exit", "interrupt", "odd"])
def test_an_error_at_run_time_keeps_the_old_one(modules, package, line, reason):
    modules.run("import {0}, {0}.base".format(package))
    answer = modules.push({package + "/base.py": "FACTOR = 100\nEXTRA = 1\n%s\ndef scale(x):\n    return 0\n" % line})
    kept = dict(answer["kept"])
    assert reason.format(package) in kept[package + ".base"], answer
    assert modules.value("{0}.base.scale(4), hasattr({0}.base, 'EXTRA')".format(package)) == (4, False)
    said = modules.run("import importlib; print(importlib.reload({0}.base).scale(4))".format(package))
    assert said.strip().endswith("4")  # the old file is back as well
    state = modules.ask("state", tops=[package])["files"]
    assert state[package + "/base.py"] == hashlib.sha256(text_of("base.py", package).encode()).hexdigest()
    answer = modules.push({package + "/base.py": "def scale(x):\n    return 'mended'\nFACTOR = 1\n"})
    assert answer["kept"] == [] and modules.value("{0}.base.scale(4)".format(package)) == "mended"


def test_what_needs_a_module_that_failed_stays_too(modules, package):
    modules.run("import {0}".format(package))
    answer = modules.push({package + "/base.py": "1 / 0\n",
                           package + "/shapes.py": "from .base import brand_new\n"})
    kept = dict(answer["kept"])
    assert "ZeroDivisionError" in kept[package + ".base"]
    assert "brand_new" in kept[package + ".shapes"], answer
    assert modules.value("{0}.Square(2).area()".format(package)) == ("old", 4)


def test_a_change_within_the_same_second_and_of_the_same_size_is_seen(modules, package):
    modules.run("import {0}.base".format(package))
    for number in range(4):
        assert modules.push({package + "/base.py": "FACTOR = %d\nscale = int\n" % number})["kept"] == []
        assert modules.value("{0}.base.FACTOR".format(package)) == number


# ------------------------------------------------------------ requests


def test_the_state_of_a_loaded_module_is_what_it_was_loaded_from(modules, tmp_path):
    """However new the zip is that came in front of it since."""
    name = "zipped_%x" % (hash(str(tmp_path)) & 0xffffff)
    texts = ["FACTOR = 1\n", "FACTOR = 2\n"]
    for number, text in enumerate(texts):
        path = str(tmp_path / ("%d.zip" % number))
        with zipfile.ZipFile(path, "w") as archive:
            for file, content in (("__init__.py", ""), ("base.py", text), ("late.py", text)):
                archive.writestr("%s/%s" % (name, file), content)
        modules.run("import sys; sys.path.insert(1, %r)\nimport importlib; importlib.invalidate_caches()" % path)
        if number == 0:
            modules.run("import %s.base" % name)
    state = modules.ask("state", tops=[name])["files"]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert (state[name + "/base.py"], state[name + "/late.py"]) == tuple(hashes)
    answer = modules.push({name + "/base.py": texts[1]})
    assert answer["kept"] == [] and modules.value("%s.base.FACTOR" % name) == 2
    assert modules.ask("state", tops=[name])["files"][name + "/base.py"] == hashes[1]


def test_the_state_tells_what_would_be_imported_now(modules, package):
    state = modules.ask("state", tops=[package, "there_is_none"])["files"]
    assert state == {"%s/%s" % (package, path): hashlib.sha256(text.format(package).encode()).hexdigest()
                     for path, text in PACKAGE.items()}
    modules.push({package + "/data.txt": b"\0\xff"})
    state = modules.ask("state", tops=[package])["files"]
    assert state[package + "/data.txt"] == hashlib.sha256(b"\0\xff").hexdigest()
    assert len(state) == len(PACKAGE)
    assert modules.value("__import__('pkgutil').get_data(%r, 'data.txt')" % package) in (b"a table\n", b"\0\xff")


def test_what_was_pushed_without_reload_is_reloaded_later(modules, package):
    modules.run("import {0}.base, {0}.late".format(package))
    answer = modules.push({package + "/base.py": "FACTOR = 5\n", package + "/late.py": "NEW = 1\n"}, reload=[])
    assert answer["reloaded"] == answer["kept"] == []
    assert modules.value("{0}.base.FACTOR".format(package)) == 1
    assert modules.push({}, reload=[package + ".base"])["reloaded"][0] == package + ".base"
    assert modules.value("{0}.base.FACTOR, hasattr({0}.late, 'NEW')".format(package)) == (5, False)
    assert modules.push({})["reloaded"] == [package + ".late"]
    assert modules.push({})["reloaded"] == []


def test_a_module_can_be_loaded_again_as_it_is(modules, package):
    modules.run("import {0}.whole".format(package))
    answer = modules.push({}, reload=[package + ".whole", package + ".none"])
    assert answer["reloaded"] == [package + ".whole"]
    assert answer["kept"] == [[package + ".none", "there is no module of that name"]]
    assert modules.value("{0}.whole.loaded".format(package)) == 2


def test_a_package_without_init_is_new_and_loses_files(modules, tmp_path):
    name = "spaced_%d" % id(modules)
    place = give(modules, tmp_path, {name + "/a.py": "A = 1\n", name + "/b.py": "B = 1\n"})
    modules.run("import {0}.a, {0}.b".format(name))
    answer = modules.push({name + "/a.py": "A = 2\n", name + "/c.py": "C = 3\n"}, [name + "/b.py"])
    assert answer["kept"] == [], answer
    modules.run("import {0}.c".format(name))
    assert modules.value("{0}.a.A, {0}.c.C".format(name)) == (2, 3)
    assert "gone" in modules.run("try:\n    import {0}.b\nexcept ModuleNotFoundError:\n    print('gone')".format(name))
    assert set(modules.ask("state", tops=[name])["files"]) == {name + "/a.py", name + "/c.py"}
    modules.run("import sys; sys.path.remove(%r)" % place)


def test_a_deleted_package_is_gone_and_can_come_back(modules, package):
    modules.run("import {0}.whole".format(package))
    assert modules.push({}, [package + "/" + path for path in PACKAGE])["kept"] == []
    assert "gone" in modules.run("try:\n    import %s\nexcept ModuleNotFoundError:\n    print('gone')" % package)
    assert modules.ask("state", tops=[package])["files"] == {}
    assert modules.push({package + "/back.py": "B = 1\n"})["kept"] == []
    modules.run("import %s.back" % package)
    assert modules.value("%s.back.B" % package) == 1


def test_an_installed_package_is_overlaid(fresh, tmp_path):
    """One that is also in site-packages of the cluster: what was pushed comes first."""
    site = fresh.value("__import__('sysconfig').get_path('purelib')")
    name = "installed_%d" % os.getpid()
    os.makedirs(os.path.join(site, name))
    try:
        with open(os.path.join(site, name, "__init__.py"), "w") as file:
            file.write("WHO = 'installed'\n")
        fresh.run("import " + name)
        assert fresh.push({name + "/__init__.py": "WHO = 'pushed'\n"})["reloaded"] == [name]
        assert fresh.value(name + ".WHO") == "pushed"
        place = give(fresh, tmp_path, {name + "/__init__.py": "WHO = 'late'\n"})
        fresh.run("sys.path.insert(0, %r)" % place)
        fresh.push({name + "/other.py": ""})
        said = fresh.run("import importlib; print(importlib.reload(%s).WHO)" % name)
        assert said.strip() == "pushed"
    finally:
        subprocess.run(["rm", "-r", os.path.join(site, name)], check=True, timeout=60)


@pytest.mark.parametrize("files, words", [
    ({"../a.py": ""}, "is not a path inside a package"), ({"/etc/a.py": ""}, "is not a path inside a package"),
    ({"a\\b.py": ""}, "is not a path inside a package"), ({"notes.txt": ""}, "neither a module nor in a package"),
    ({"sys.py": ""}, "a part of what the session runs on"), ({"pyspark/a.py": ""}, "a part of what the session"),
    ({"livyd_modules.py": ""}, "a part of what"), ({"a b/c.py": ""}, "is not the name of a module"),
    ({"etl/a.py": {"staged": "never_sent"}}, "livyd could not do this in the session: FileNotFoundError"),
    ({"etl/a.py": {"staged": "../a"}}, "cannot be the name"),
])
def test_a_bad_path_is_a_problem_and_changes_nothing(modules, files, words):
    answer = modules.push(files)
    assert words in answer["problem"], answer
    assert modules.value("1 + 1") == 2


def test_an_unknown_request_is_a_problem(modules):
    assert "problem" in modules.ask("dance")
    assert "problem" in modules.ask("push", files={"a/b.py": "%%%"})
    assert "no jars" in modules.ask("add", name="x", sha256="", file="a.jar", field="jars")["problem"]


def test_something_big_comes_in_pieces(modules, package):
    content = "TEXT = '%s'\n" % ("x" * 300000)
    half = len(content) // 2
    assert modules.ask("stage", name="big_" + package, at=0, piece=sent(content[:half]))["staged"] == half
    assert modules.ask("stage", name="big_" + package, at=0, piece=sent(content[:half]))["staged"] == half
    assert "is missing" in modules.ask("stage", name="big_" + package, at=half + 1, piece=sent("x"))["problem"]
    assert modules.ask("stage", name="big_" + package, at=half, piece=sent(content[half:]))["staged"] == len(content)
    assert modules.push({package + "/big.py": {"staged": "big_" + package}})["kept"] == []
    modules.run("import %s.big" % package)
    assert modules.value("len(%s.big.TEXT)" % package) == 300000


def zip_bytes(folder, files):
    path = folder / "made.zip"
    with zipfile.ZipFile(str(path), "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path.read_bytes()


def test_a_zip_that_was_sent_is_on_the_path(modules, tmp_path):
    name = "sent_%d" % id(modules)
    content = zip_bytes(tmp_path, {name + "/__init__.py": "WHO = 'sent'\n"})
    digest = hashlib.sha256(content).hexdigest()
    modules.ask("stage", name=name, at=0, piece=sent(content[:-1]))
    request = dict(name=name, sha256=digest, file="modules-0123456789ab.zip", field="pyFiles")
    assert "did not arrive whole" in modules.ask("add", **request)["problem"]
    modules.ask("stage", name=name, at=len(content) - 1, piece=sent(content[-1:]))
    for _ in range(2):  # should the first answer be lost
        assert modules.ask("add", **request) == {"executors": "none", "executors_detail": ""}
    modules.run("import " + name)
    assert modules.value(name + ".WHO") == "sent"
    assert modules.push({name + "/__init__.py": "WHO = 'edited'\n"})["reloaded"] == [name]
    assert modules.value(name + ".WHO") == "edited"


def test_archives_and_files_are_there_at_the_driver(modules, tmp_path):
    content = zip_bytes(tmp_path, {"bin/tool": "#!\n"})
    digest = hashlib.sha256(content).hexdigest()
    for field in ("archives", "files"):
        modules.ask("stage", name="environment", at=0, piece=sent(content))
        answer = modules.ask("add", name="environment", sha256=digest, file=field + ".zip", field=field, alias="env")
        assert answer["executors"] == "none"
        place = answer["executors_detail"].rpartition(" ")[2].rstrip(".")
        inside = os.path.join(place, "bin", "tool") if field == "archives" else place
        assert modules.value("__import__('os').path.isfile(%r)" % inside)


# ------------------------------------------------------------ what the session keeps


def test_the_user_notices_nothing(modules, package):
    modules.run("import builtins, sys\n7")
    look = "(sorted(globals()), getattr(builtins, '_', None), sys.argv, sys.displayhook is sys.__displayhook__)"
    before = modules.value(look)
    modules.push({package + "/base.py": "X = 1\n"})
    modules.ask("state", tops=[package])
    assert modules.value(look) == before
    request = statement({"do": "push", "files": {package + "/base.py": sent("X = 2\n")}}, True)
    assert modules.value("sys.path[0].endswith('overlay')")
    said = modules.run("_streams = sys.stdout, sys.stderr\n%s\nprint(_streams == (sys.stdout, sys.stderr))" % request)
    assert said.strip().endswith("True")
    modules.run("del _streams")
    assert modules.run(statement({"do": "state", "tops": []}, True)).strip() == 'livyd-modules: {"files": {}}'


def test_the_answer_is_found_among_what_modules_print(modules, package):
    modules.run("import {0}.base".format(package))
    noise = "import sys\nprint('livyd-modules: ' + '{}')\nsys.stdout.write('no end')\nsys.stderr.write('x\\n')\n"
    answer = modules.push({package + "/base.py": noise})
    assert answer["reloaded"][0] == package + ".base"


def test_a_module_that_replaces_the_output_cannot_hide_the_answer(fresh, tmp_path):
    give(fresh, tmp_path, {"thief.py": "\n"})
    fresh.run("import thief")
    answer = fresh.push({"thief.py": "import io, sys\nkept = sys.stdout\nsys.stdout = io.StringIO()\n"})
    assert answer["reloaded"] == ["thief"]
    assert fresh.value("1 + 1") == 2


def test_the_short_form_says_when_nothing_is_there(fresh):
    assert answer_in(fresh.run(statement({"do": "state", "tops": []}, True))) == {"missing": True}
    assert answer_in(fresh.run(statement({"do": "state", "tops": []}))) == {"files": {}}
    assert answer_in(fresh.run(statement({"do": "state", "tops": []}, True))) == {"files": {}}


@pytest.mark.skipif(LIVY_URL is not None, reason="it looks at the session's own disk")
def test_the_private_folder_ends_with_the_session(server):
    session = server.client.create().wait_idle(300)
    modules = Modules(session)
    modules.push({"short_lived.py": ""})
    folder = os.path.dirname(modules.value("__import__('sys').path[0]"))
    assert os.stat(folder).st_mode & 0o777 == 0o700
    session.delete()
    wait_for(lambda: not os.path.exists(folder), "the folder to be removed")


def test_a_package_of_300_modules(modules, tmp_path):
    """5 MB; one changed module is live without reading the others' syntax."""
    name = "large_%d" % id(modules)
    filler = "\n".join("def f%d(x):\n    return x + %d  # %s" % (n, n, "." * 120) for n in range(100))
    files = {name + "/m%03d.py" % n: ("from .m%03d import VALUE\n" % (n - 1) if n % 10 else "VALUE = 1\n") + filler
             for n in range(300)}
    files[name + "/__init__.py"] = ""
    place = give(modules, tmp_path, files, "zip")
    modules.run("import importlib\nfor n in range(300):\n"
                "    _m = importlib.import_module('%s.m%%03d' %% n)\ndel _m, n" % name)
    answer = modules.push({name + "/m010.py": "VALUE = 'new'\n" + filler})
    assert answer["kept"] == [] and len(answer["reloaded"]) == 10, answer
    assert modules.value("__import__('sys').modules['%s.m019'].VALUE" % name) == "new"
    assert len(json.dumps(answer)) < 1000
    modules.run("import sys; sys.path.remove(%r)" % place)
