"""What livyd knows of the modules in a running PySpark session: the files they have, and how they are
loaded again after an edit, in the driver and in the executors.

Edited files go to a private folder in front of sys.path, beside a copy of the rest of their package.
Each request is one statement, run("JSON"), with or without livyd's agent; its "do" names one of the
do_ methods of Modules. The answer is one line that begins with PREFIX. Whatever fails, the session
stays usable. Standard library only, the grammar of Python 3.6.
"""
import ast
import atexit
import base64
import contextlib
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import linecache
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import types
import uuid
import warnings
import zipfile

API = 1
PREFIX = "livyd-modules: "
COPY_LIMIT = 256 << 20  # bytes of one package
REASON_LIMIT = 1000  # characters
# What a session stands on.
FOUNDATIONS = ("__main__", "livyd_agent", "livyd_modules", "py4j", "pyspark")
# Stands where a deleted module would otherwise still be found in the place that it came from.
HIDDEN = b"# livyd: this module has been deleted.\nraise ModuleNotFoundError(\"No module named '%s'\", name='%s')\n"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._ -]{0,199}\Z")


class Problem(Exception):
    """Why a request cannot be fulfilled, as a sentence."""


# Requests -----------------------------------------------------------------------------------------


class Modules(object):
    """The modules of this session, as livyd asks for them."""

    def __init__(self):
        self.overlay = Overlay()
        self.sources = Sources(self.overlay)
        self.executors = Executors(self.overlay)
        self.before = {}  # module -> path -> its bytes when the loaded version was loaded
        self.added = {}

    def do_state(self, tops):
        files = {}
        for top in tops:
            for path, read in files_of(check_top(top)).items():
                data = read()
                if not is_hidden(data):
                    files[path] = hashlib.sha256(data).hexdigest()
            files.update(loaded_hashes(top))  # a newer zip may be in front of where they came from
        return {"files": files}

    def do_stage(self, name, at, piece):
        data, path = decoded(piece), self.staged(name)
        there = os.path.getsize(path) if os.path.exists(path) else 0
        if not 0 <= at <= there:
            raise Problem("A piece of %s is missing: %d bytes are there, and the next one begins at %d."
                          % (name, there, at))
        with open(path, "r+b" if there else "wb") as file:
            file.seek(at)
            file.write(data)
        return {"staged": max(there, at + len(data))}

    def do_add(self, name, sha256, file, field, alias=""):
        """Again with the same file, should the first answer have been lost: no harm."""
        if not PLAIN_NAME.match(file) or not PLAIN_NAME.match(alias or file):
            raise Problem("“%s” cannot be the name of a file in the session." % (alias or file))
        if field not in ("pyFiles", "files", "archives"):
            raise Problem("A running session takes no %s. Start a new session for them." % field)
        key = (sha256, file, field, alias)
        if key not in self.added:
            target = self.kept_file(self.staged(name), sha256, file)
            self.added[key] = self.executors.add(target, field, alias or file)
        return self.added[key]

    def do_push(self, files, deleted=(), reload="changed", by_value=False):
        contents = {path: self.content(value) for path, value in files.items()}
        for top in sorted({top_of(path) for path in list(contents) + list(deleted)}):
            check_top(top)
        kept = {}
        for path in sorted(contents):
            reason = flaw(path, contents[path])
            if reason:
                kept[module_name(path)] = reason
                del contents[path]
        contents.update((path, None) for path in deleted)
        changed = self.put(contents)
        names = set(self.before) | changed if reload == "changed" else set(reload)
        if reload != "changed":
            unknown = [name for name in names - set(sys.modules) if not locate(name)]
            kept.update((name, "there is no module of that name") for name in unknown)
        reloaded = self.load(names, changed, kept)
        fresh, why = self.executors.renew({top_of(path) for path in contents}, by_value)
        return {"reloaded": reloaded, "kept": sorted(kept.items()), "executors": fresh, "executors_detail": why}

    def content(self, value):
        if isinstance(value, str):
            return decoded(value)
        with open(self.staged(value["staged"]), "rb") as file:
            return file.read()

    def staged(self, name):
        if not PLAIN_NAME.match(name):
            raise Problem("“%s” cannot be the name of something that is sent." % name)
        return os.path.join(self.overlay.place("staged"), name)

    def kept_file(self, path, sha256, name):
        target = os.path.join(self.overlay.place("added"), hashlib.sha256(sha256.encode()).hexdigest()[:16], name)
        if not os.path.exists(target):
            if not os.path.exists(path) or file_hash(path) != sha256:
                raise Problem("%s did not arrive whole. Send it again." % name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.replace(path, target)
        return target

    # Files

    def put(self, contents):
        """Writes all or nothing (None deletes). Returns the modules whose files these are."""
        self.overlay.enter()
        for top in sorted({path.partition("/")[0] for path in contents if "/" in path}):
            self.overlay.take(top)
            if is_hidden(self.overlay.read(top + ".py")):
                self.overlay.write(top + ".py", None)
        before = {path: self.overlay.read(path) for path in contents}
        try:
            for path, data in contents.items():
                self.overlay.write(path, data)
        except BaseException:
            for path, data in before.items():
                self.overlay.write(path, data)
            raise
        named = {path: module_name(path) for path in contents if module_name(path)}
        present = {named[path] for path in named if contents[path] is not None}
        for name in sorted(set(named.values()) - present):
            self.overlay.hide(name)
        for top in {top_of(path) for path in contents}:
            self.overlay.come_first(top)
        for path, name in named.items():
            if name in sys.modules:
                self.before.setdefault(name, {}).setdefault(path, before[path])
        return set(named.values())

    def revert(self, name):
        """The loaded version stays, so its files come back."""
        for path, data in self.before.pop(name, {}).items():
            self.overlay.write(path, data)

    # Loading

    def load(self, names, changed, kept):
        """Loads them and what depends on them again; adds to `kept` what stayed as it was."""
        importlib.invalidate_caches()
        linecache.checkcache()
        again = self.sources.affected(names, changed) if names else set()
        again = {name for name in again if not self.forget_deleted(name)}
        reloaded, interrupted = [], False
        for group in groups(again, self.sources.imports(again)):
            error = None if interrupted else self.load_group(group)
            interrupted = interrupted or isinstance(error, KeyboardInterrupt)
            if interrupted or error is not None:
                for name in group:
                    kept[name] = reason_of(error) if error else "the reload was interrupted before its turn"
                    self.revert(name)
                importlib.invalidate_caches()
            else:
                reloaded += group
        return reloaded

    def forget_deleted(self, name):
        """Takes a module out of sys.modules whose file is gone; true when that was so."""
        if name not in self.before or locate(name):
            return False
        del self.before[name]
        module = sys.modules.pop(name, None)
        parent, _, child = name.rpartition(".")
        if module is not None and vars(sys.modules.get(parent, types)).get(child) is module:
            delattr(sys.modules[parent], child)
        return True

    def load_group(self, names):
        """Returns what it raised, after everything is as it was before; None when all went well."""
        old = {name: self.names_before(name) for name in names}
        saved = {name: (sys.modules[name], dict(namespace(name))) for name in names}
        try:
            if len(names) == 1:
                importlib.reload(sys.modules[names[0]])
            else:
                load_circle(names, saved, old)
            for name in names:
                drop_names(name, old[name] - self.sources.facts(name).bound, saved[name][1])
        except BaseException as error:
            restore(saved)
            return error
        for name in names:
            self.before.pop(name, None)
        return None

    def names_before(self, name):
        """What the loaded version's source defined, as far as it is known."""
        if name not in self.before:
            return self.sources.facts(name).bound
        contents = [data for data in self.before[name].values() if data is not None]
        source = contents[0] if contents else self.sources.loaded(name)
        return top_level(source, name, False).bound


def drop_names(name, names, saved):
    """What the new version does not define any more; what others put into the module stays."""
    module = sys.modules[name]
    for old in names:
        if old in saved and vars(module).get(old) is saved[old] and not is_submodule(name, old):
            delattr(module, old)


def reason_of(error):
    """One line: what was raised, and where."""
    try:
        words = "%s: %s" % (type(error).__name__, error)
    except Exception:
        words = type(error).__name__
    trace, where = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename != "livyd_modules.py" and "importlib" not in code.co_filename:
            where = " (%s, line %d)" % (code.co_filename.rpartition("/overlay/")[2], trace.tb_lineno)
        trace = trace.tb_next
    return " ".join(words.split())[:REASON_LIMIT] + ("" if isinstance(error, SyntaxError) else where)


def check_top(top):
    if not top.isidentifier():
        raise Problem("“%s” is not the name of a module." % top)
    spec = locate(top)
    part_of_python = spec is not None and spec.origin in ("built-in", "frozen")
    if top in FOUNDATIONS or top in sys.builtin_module_names or part_of_python:
        raise Problem("“%s” is a part of what the session runs on and cannot be replaced in it." % top)
    return top


def top_of(path):
    """The top-level module that a file belongs to."""
    parts = path.split("/")
    if "\\" in path or "\0" in path or any(part in ("", ".", "..", "__pycache__") for part in parts):
        raise Problem("“%s” is not a path inside a package." % path)
    if len(parts) == 1 and not module_name(path):
        raise Problem("“%s” is neither a module nor in a package." % path)
    return parts[0] if len(parts) > 1 else parts[0][:-3]


def module_name(path):
    """etl/a.py -> etl.a, etl/__init__.py -> etl; "" for what cannot be imported."""
    if not path.endswith(".py"):
        return ""
    parts = path[:-3].split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def flaw(path, data):
    """Why Python could not even read the new version of a module; "" when it can."""
    if not module_name(path):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, path, "exec", dont_inherit=True)
        return ""
    except Exception as error:
        return reason_of(error.with_traceback(None))


def decoded(piece):
    try:
        return base64.b64decode(piece, validate=True)
    except ValueError:
        raise Problem("What was sent is not base64.") from None


def file_hash(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()


# Files --------------------------------------------------------------------------------------------


class Overlay(object):
    """The private folder in front of sys.path; it ends with the session."""

    def __init__(self):
        self.folder = ""
        self.tops = set()  # packages that are here whole

    root = property(lambda self: os.path.join(self.folder, "overlay"))

    def place(self, name):
        if not self.folder:
            self.folder = tempfile.mkdtemp(prefix="livyd-modules-", dir=folder_of_session())
            atexit.register(remove, self.folder, os.getpid())
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return path

    def enter(self):
        root = self.place("overlay")
        if sys.path[:1] != [root]:
            sys.path[:] = [root] + [path for path in sys.path if path != root]

    def take(self, top):
        """Copies a package from where the driver would import it now, unless it is here."""
        if top in self.tops:
            return
        incoming = self.place("incoming")
        try:
            copy_files(files_of(top), top, incoming)
            if os.path.isdir(os.path.join(incoming, top)):
                os.rename(os.path.join(incoming, top), os.path.join(self.root, top))
        finally:
            shutil.rmtree(incoming, True)
        self.tops.add(top)
        self.lead_here(top)

    def lead_here(self, top):
        """Loaded packages look for submodules here from now on."""
        for name in loaded_below(top):
            path, here = vars(sys.modules[name]).get("__path__"), os.path.join(self.root, *name.split("."))
            if path is not None and os.path.isdir(here):
                rest = list(path)[1:] if isinstance(path, list) else list(path)  # of a package without __init__
                sys.modules[name].__path__ = [here] + [place for place in rest if place != here]

    def read(self, path):
        try:
            with open(os.path.join(self.root, path), "rb") as file:
                return file.read()
        except OSError:
            return None

    def write(self, path, data):
        """None removes it. Compiled code is removed, for it knows its source by second and size."""
        target = os.path.join(self.root, path)
        if data is not None:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            part = os.path.join(self.folder, "part")
            with open(part, "wb") as file:
                file.write(data)
            os.replace(part, target)
        elif os.path.lexists(target):
            os.remove(target)
        if path.endswith(".py"):
            with contextlib.suppress(OSError, NotImplementedError):
                os.remove(importlib.util.cache_from_source(target))
        if data is None:
            self.remove_empty(os.path.dirname(target))

    def remove_empty(self, folder):
        """A folder without files would still be a package."""
        while folder.startswith(self.root + os.sep):
            if not os.path.isdir(folder) or set(os.listdir(folder)) - {"__pycache__"}:
                return
            shutil.rmtree(folder, True)
            folder = os.path.dirname(folder)

    def hide(self, name):
        """Lets nobody find a deleted module where it came from."""
        importlib.invalidate_caches()
        path = name.replace(".", "/")
        if not os.path.isdir(os.path.join(self.root, path)) and locate(name):
            self.write(path + ".py", HIDDEN.replace(b"%s", name.encode()))

    def come_first(self, top):
        """A folder without __init__ gives way to a package of that name elsewhere."""
        importlib.invalidate_caches()
        here = os.path.join(self.root, top)
        spec = locate(top) if os.path.isdir(here) else None
        if spec is not None and spec.origin is not None and os.path.dirname(spec.origin) != here:
            self.write(top + "/__init__.py", b"")

    def files(self, top):
        """Path and place of each file of a top-level module."""
        single = os.path.join(self.root, top + ".py")
        found = {top + ".py": single} if os.path.isfile(single) else {}
        return dict(found, **paths_below(os.path.join(self.root, top), top))


def folder_of_session():
    """The shell's own, should nobody else have access to it: it goes with the session, however that
    ends. None is Python's choice."""
    with contextlib.suppress(Exception):
        folder = os.path.dirname(os.path.abspath(sys.modules["__main__"].__file__))
        found = os.stat(folder)
        if found.st_uid == os.getuid() and found.st_mode & 0o777 == 0o700:
            return folder
    return None


def remove(folder, process):
    if os.getpid() == process:  # not in a child that was forked
        shutil.rmtree(folder, True)


def is_hidden(data):
    return data is not None and data.startswith(HIDDEN[:30])


def locate(name):
    """The spec by which a module would be imported now, or None; loads nothing but what finders load."""
    spec, places, full = None, None, ""
    for part in name.split("."):
        full += ("." if full else "") + part
        spec = find(full, places)
        if spec is None:
            return None
        places = spec.submodule_search_locations
        if places is None and full != name:
            return None
    hidden = spec.origin and spec.origin.endswith(".py") and os.path.isfile(spec.origin)
    return None if hidden and is_hidden(read_file(spec.origin)[:60]) else spec


def find(name, places, without=None):
    for finder in sys.meta_path:
        look = getattr(finder, "find_spec", None) if finder is not without else None
        spec = look(name, places) if look is not None else None
        if spec is not None:
            return spec
    return None


def files_of(top):
    """Path -> function that reads it, of a top-level module as the driver would import it now."""
    importlib.invalidate_caches()
    spec = locate(top)
    if spec is None:
        return {}
    if spec.submodule_search_locations is None:
        return {os.path.basename(spec.origin): reader(spec.origin)}
    found = {}
    for place in reversed(list(spec.submodule_search_locations)):
        if os.path.isdir(place):
            found.update((path, reader(file)) for path, file in paths_below(place, top).items())
        else:
            found.update(zipped_below(place, top))
    return found


def reader(path):
    if os.path.isfile(path):
        return lambda: read_file(path)
    archive, inner = archive_of(path)
    return zipped_reader(zipfile.ZipFile(archive), inner)


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def zipped_reader(archive, inner):
    return lambda: archive.read(inner)


def paths_below(folder, top):
    found, seen = {}, set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = [] if real in seen else [name for name in folders if name != "__pycache__"]
        if real not in seen:
            seen.add(real)
            inner = os.path.relpath(here, folder).replace(os.sep, "/")
            prefix = top + "/" if inner == "." else "%s/%s/" % (top, inner)
            found.update((prefix + name, os.path.join(here, name)) for name in files)
    return found


def zipped_below(place, top):
    archive, inner = archive_of(place)
    opened = zipfile.ZipFile(archive)
    names = [name for name in opened.namelist() if name.startswith(inner + "/") and name[-1] != "/"]
    return {top + name[len(inner):]: zipped_reader(opened, name)
            for name in names if not {"__pycache__", ".."} & set(name.split("/"))}


def archive_of(path):
    """The zip that a path leads into, and the rest of the path."""
    archive = path
    while archive and not os.path.isfile(archive):
        shorter = os.path.dirname(archive)
        archive = shorter if shorter != archive else ""
    if not archive or not zipfile.is_zipfile(archive):
        raise Problem("livyd cannot read %s, where this session's Python finds the module." % path)
    return archive, path[len(archive) + 1 :].replace(os.sep, "/")


def copy_files(files, top, folder):
    size = 0
    for path, read in files.items():
        if not path.startswith(top + "/"):
            continue  # a single module needs no copy: its new version takes its place
        data = read()
        size += len(data)
        if size > COPY_LIMIT:
            raise Problem("The package %s is larger than %d MB. Start a new session to see its new version."
                          % (top, COPY_LIMIT >> 20))
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)


# What depends on what -----------------------------------------------------------------------------


class Sources(object):
    """What the loaded modules' sources say, read again only when they have changed."""

    def __init__(self, overlay):
        self.overlay = overlay
        self.known = {}  # module -> [hash of its source, its words, its facts or None]

    def read(self, name):
        path = name.replace(".", "/")
        for file in (path + "/__init__.py", path + ".py"):
            data = self.overlay.read(file) if self.overlay.folder else None
            if data is not None:
                return data
        return self.loaded(name)

    def loaded(self, name):
        """The source where the loaded version came from."""
        try:
            return (namespace(name)["__spec__"].loader.get_source(name) or "").encode()
        except Exception:
            return b""

    def entry(self, name):
        source = self.read(name)
        known = self.known.get(name)
        if known is None or known[0] != hash(source):
            known = self.known[name] = [hash(source), words_in(source), None]
        return known, source

    def facts(self, name):
        known, source = self.entry(name)
        if known[2] is None:
            known[2] = top_level(source, name, "__path__" in namespace(name))
        return known[2]

    def affected(self, names, changed):
        """The loaded ones of `names`, and all that took something from one of them when they were
        loaded."""
        words = {name: self.entry(name)[0][1] for name in self.candidates()}
        found, waiting = {name for name in names if name in sys.modules}, list(names)
        known = set(sys.modules) | changed | set(names)
        while waiting:
            one = waiting.pop()
            word = one.rpartition(".")[2].encode()
            for name in set(words) - found:
                near = b"." in words[name] and name.startswith(one + ".")
                if (near or word in words[name]) and one in self.facts(name).taken(known):
                    found.add(name)
                    waiting.append(name)
        return found

    def candidates(self):
        """Loaded modules that are the user's: not Python's, Spark's or installed ones."""
        return [name for name in list(sys.modules) if self.is_users(name)]

    def is_users(self, name):
        spec = namespace(name).get("__spec__")
        top = name.partition(".")[0]
        if getattr(spec, "name", None) != name or not hasattr(spec.loader, "get_source") or top in FOUNDATIONS:
            return False
        if top in self.overlay.tops:
            return True
        return spec.origin is not None and not LIBRARIES.match(spec.origin)

    def imports(self, names):
        return {name: self.facts(name).imported(set(sys.modules)) & names - {name} for name in names}


LIBRARIES = re.compile("(?:%s)/|.*/(?:site|dist)-packages/|frozen$|built-in$" % "|".join(
    sorted(re.escape(sysconfig.get_path(which)) for which in ("stdlib", "platstdlib", "purelib", "platlib"))))


def namespace(name):
    """The dictionary of a loaded module, without waking one that loads itself lazily."""
    module = sys.modules.get(name)
    return types.ModuleType.__getattribute__(module, "__dict__") if isinstance(module, types.ModuleType) else {}


def loaded_below(top):
    return [name for name in list(sys.modules) if name == top or name.startswith(top + ".")]


def loaded_hashes(top):
    """Path -> hash of the files that the loaded modules came from, where they can be read."""
    found = {}
    for name in loaded_below(top):
        spec = namespace(name).get("__spec__")
        if str(getattr(spec, "origin", None)).endswith(".py"):
            path = name.replace(".", "/") + (".py" if spec.submodule_search_locations is None else "/__init__.py")
            with contextlib.suppress(Exception):
                found[path] = hashlib.sha256(spec.loader.get_data(spec.origin)).hexdigest()
    return found


def is_submodule(name, child):
    return name + "." + child in sys.modules


def words_in(source):
    """Without one of these words, a source cannot import that module; "." is `from . import`."""
    words = set(re.findall(rb"\w+", source))
    return words | {b"."} if re.search(rb"from\s+\.[\s.]*import", source) else words


def top_level(source, name, is_package):
    found = TopLevel(name if is_package else name.rpartition(".")[0])
    with contextlib.suppress(Exception):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.visit(ast.parse(source))
    return found


class TopLevel(ast.NodeVisitor):
    """What a module does while it is loaded: its functions' bodies are not looked at."""

    def __init__(self, package):
        self.package = package
        self.bound = set()
        self.used = set()
        self.statements = []  # (module, name in it or "", name here)
        self.depth = 0

    def imported(self, known):
        return {target for target, _, _ in self.targets(known)}

    def taken(self, known):
        """Modules of which it holds more than the module itself."""
        return {target for target, whole, here in self.targets(known) if not whole or here in self.used}

    def targets(self, known):
        for module, name, here in self.statements:
            inner = module + "." + name
            if name and inner not in known:
                yield module, False, here
            else:
                yield inner if name else module, True, here

    def bind(self, name):
        if self.depth == 0:
            self.bound.add(name)

    def visit_Import(self, node):
        for alias in node.names:
            here = alias.asname or alias.name.partition(".")[0]
            self.bind(here)
            parts = alias.name.split(".")
            for count in range(len(parts) if alias.asname else 1, len(parts) + 1):
                self.statements.append((".".join(parts[:count]), "", here))

    def visit_ImportFrom(self, node):
        module = node.module or ""
        if node.level:
            parents = self.package.split(".")
            module = ".".join(parents[: len(parents) - node.level + 1] + ([module] if module else []))
        for alias in node.names:
            self.bind(alias.asname or alias.name)
            self.statements.append((module, alias.name, alias.asname or alias.name))

    def visit_FunctionDef(self, node):
        self.bind(node.name)
        for part in node.decorator_list + [node.args, node.returns]:
            if part is not None:
                self.visit(part)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.visit(node.args)

    def visit_ClassDef(self, node):
        self.bind(node.name)
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_comprehension(self, node):
        for part in [node.iter] + node.ifs:  # its variables are its own
            self.visit(part)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
        else:
            self.used.add(node.id)


def postorder(starts, edges, seen):
    found = []
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(sorted(edges[start])))]
        while path:
            following = next((name for name in path[-1][1] if name not in seen), None)
            if following is None:
                found.append(path.pop()[0])
            else:
                seen.add(following)
                path.append((following, iter(sorted(edges[following]))))
    return found


def groups(names, edges):
    """In dependency order; modules that import each other are one group (Kosaraju's algorithm)."""
    backward = {name: {other for other in names if name in edges[other]} for name in names}
    seen, found = set(), []
    for start in reversed(postorder(sorted(names, reverse=True), edges, set())):
        if start not in seen:
            found.append(postorder([start], backward, seen))
    return found[::-1]


# Loading ------------------------------------------------------------------------------------------


class Again(object):
    """A finder and loader by which an import fills the module object that was there before."""

    def __init__(self, modules):
        self.modules = modules
        self.real = {}

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules:
            return None
        spec = find(name, path, self)
        if spec is not None:
            self.real[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self.modules[spec.name]

    def exec_module(self, module):
        spec = module.__spec__
        spec.loader = module.__loader__ = self.real[spec.name]
        code = spec.loader.get_code(spec.name)
        if code is None:
            raise ImportError("there is no source of " + spec.name, name=spec.name)
        exec(code, vars(module))


def load_circle(names, saved, old_names):
    """Modules that import each other: as a new interpreter would import them, whichever is first."""
    order, first = list(sys.modules), None
    for entry in sorted(names, key=order.index):
        try:
            load_from(entry, names, saved, old_names)
            return
        except Exception as error:
            first = first or error
            restore(saved)
    raise first


def load_from(entry, names, saved, old_names):
    for name in names:
        module = sys.modules.pop(name)
        for old in old_names[name] | {"__loader__", "__file__", "__cached__", "__path__"}:
            if not is_submodule(name, old) and old not in ("__name__", "__dict__"):
                vars(module).pop(old, None)
    finder = Again({name: saved[name][0] for name in names})
    sys.meta_path.insert(0, finder)
    try:
        for name in [entry] + sorted(names):
            importlib.import_module(name)
    finally:
        sys.meta_path.remove(finder)


def restore(saved):
    for name, (module, names) in saved.items():
        sys.modules[name] = module
        vars(module).update(names)
        for new in set(vars(module)) - set(names):
            del vars(module)[new]
    for name, (module, _) in saved.items():
        parent, _, child = name.rpartition(".")
        if parent in sys.modules and child in vars(sys.modules[parent]):
            setattr(sys.modules[parent], child, module)


# Executors ----------------------------------------------------------------------------------------


class Executors(object):
    """How the executors' Python workers come to the files that the driver has.

    A worker that is used again keeps its modules, whatever addPyFile says: another environment is
    what makes Spark start new ones. Their path has the zips that were added in no order (Spark's
    PythonRunner makes a set of them), so no other zip may have the same module.
    """

    def __init__(self, overlay):
        self.overlay = overlay
        self.context = None
        self.owed = set()  # top-level modules that were not sent yet
        self.sent = {}  # top-level module -> name of its newest zip
        self.values = set()  # those that are pickled by value

    def renew(self, tops, by_value):
        """"fresh", "stale" or "none", and why."""
        self.owed |= tops
        context = spark_context()
        if context is None:
            return "none", ""
        if context is not self.context:  # this one was given nothing yet
            self.owed |= set(self.sent)
            self.sent, self.context = {}, context
        try:
            self.set_by_value(self.owed if by_value else set())
            if by_value or not self.owed:
                return "fresh", ""
            problems = [words for words in map(self.problem_of_sending, sorted(self.owed)) if words]
            renew_workers(context)
            return ("stale", problems[0]) if problems else ("fresh", "")
        except Exception as error:
            return "stale", words_of(error)

    def problem_of_sending(self, top):
        try:
            self.send(top)
            self.owed.discard(top)
            return ""
        except Exception as error:
            return words_of(error)

    def set_by_value(self, tops):
        if tops == self.values:
            return
        pickle = importlib.import_module("pyspark.cloudpickle")
        if not hasattr(pickle, "register_pickle_by_value"):
            raise Problem("This Spark cannot send modules by value; it needs 3.3 or newer.")
        for top in self.values - tops:
            self.values.discard(top)
            pickle.unregister_pickle_by_value(sys.modules.get(top, types.ModuleType(top)))
        for top in tops - self.values:
            pickle.register_pickle_by_value(importlib.import_module(top))
            self.values.add(top)

    def send(self, top):
        files = self.overlay.files(top)
        compiled = [path for path in files if path.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))]
        if compiled:
            raise Problem("%s is compiled code, which Python cannot load from a zip." % compiled[0])
        root = importlib.import_module("pyspark").SparkFiles.getRootDirectory()
        if os.path.exists(os.path.join(root, top + ".py")) and not on_one_machine(self.context):
            raise Problem("%s.py was added to this session before and lies in the executors' working folder." % top)
        old, self.sent[top] = self.sent.get(top), self.add_zip(top, {path: reader(files[path]) for path in files})
        for name in list(self.context._python_includes):
            others = None if name in self.sent.values() else without(os.path.join(root, name), top)
            if name == old or others is not None:
                self.context._python_includes.remove(name)
            if others:
                self.add_zip("rest", others)

    def add_zip(self, name, files):
        """Makes it and gives it to workers to come; returns its name, which is new each time."""
        name = "livyd-%s-%s.zip" % (name, uuid.uuid4().hex[:12])
        path = os.path.join(self.overlay.place("zips"), name)  # served from there as long as the session lives
        options = {"compresslevel": 1} if sys.version_info >= (3, 7) else {}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
            for inner in sorted(files):
                archive.writestr(inner, files[inner]())
        self.context.addPyFile(path)
        # The driver has the files already.
        sys.path[:] = [entry for entry in sys.path if os.path.basename(entry) != name]
        return name

    def add(self, path, field, alias):
        """Gives a whole file to driver and executors."""
        context = spark_context()
        try:
            if context is None:
                return self.add_to_driver(path, field, alias, "none", "")
            if field == "archives" and not hasattr(context, "addArchive"):
                return self.add_to_driver(path, field, alias, "stale", "This Spark takes archives only before "
                                          "a session starts; it was unpacked at the driver.")
            self.add_to_spark(context, path, field, alias)
        except Exception as error:
            return self.add_to_driver(path, field, alias, "stale", reason_of(error))
        return {"executors": "fresh", "executors_detail": ""}

    def add_to_spark(self, context, path, field, alias):
        if field == "pyFiles":
            context.addPyFile(zipped(path) if path.endswith(".py") else path)
            self.overlay.enter()
            renew_workers(context)
        elif field == "files":
            context.addFile(path)
            link_here(context, os.path.basename(path))
        else:
            context.addArchive(path + "#" + alias)
            link_here(context, alias)
        importlib.invalidate_caches()

    def add_to_driver(self, path, field, alias, executors, why):
        if field == "pyFiles":
            self.overlay.enter()
            sys.path.insert(1, os.path.dirname(path) if path.endswith(".py") else path)
        elif field == "archives":
            target = os.path.join(os.path.dirname(path), "unpacked", alias)
            unpack(path, target)
            why = (why + " It is in %s." % target).strip()
        else:
            why = (why + " It is %s." % path).strip()
        importlib.invalidate_caches()
        return {"executors": executors, "executors_detail": why}


def words_of(error):
    return str(error) if isinstance(error, Problem) else reason_of(error)


def spark_context():
    """The one of this session, should it have Spark."""
    return getattr(getattr(sys.modules.get("pyspark"), "SparkContext", None), "_active_spark_context", None)


def on_one_machine(context):
    return re.match(r"local(\[|$)", str(context.master)) is not None


def without(path, top):
    """The other files of a zip that has a top-level module; None when it has not."""
    if not zipfile.is_zipfile(path):
        return None
    archive = zipfile.ZipFile(path)
    names = [name for name in archive.namelist() if name[-1] != "/"]
    others = [name for name in names if name != top + ".py" and not name.startswith(top + "/")]
    return {name: zipped_reader(archive, name) for name in others} if len(others) < len(names) else None


def zipped(path):
    """A module as a zip: the file itself would come before everything else on an executor."""
    target = "%s-%s.zip" % (path[:-3], os.path.basename(os.path.dirname(path)))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, os.path.basename(path))
    return target


def link_here(context, name):
    """On a cluster, what a session starts with lies in the working folder."""
    if not on_one_machine(context):
        with contextlib.suppress(Exception):
            os.symlink(importlib.import_module("pyspark").SparkFiles.get(name), name)


def renew_workers(context):
    """Spark keeps its Python workers by environment."""
    context.environment["LIVYD_MODULES"] = uuid.uuid4().hex


def unpack(path, target):
    if not zipfile.is_zipfile(path):
        shutil.unpack_archive(path, target)
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            made = archive.extract(member, target)
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                os.chmod(made, mode)


# Statements ---------------------------------------------------------------------------------------


def answer_to(modules, text):
    try:
        asked = json.loads(text)
        return getattr(modules, "do_" + asked.pop("do"))(**asked)
    except Problem as problem:
        return {"problem": str(problem)}
    except BaseException as error:  # also a Stop
        return {"problem": "livyd could not do this in the session: %s." % reason_of(error)}


def install():
    """Makes the module that later statements find in sys.modules; returns it."""
    module = types.ModuleType("livyd_modules", __doc__)
    modules = Modules()

    def run(text):
        streams = sys.stdout, sys.stderr, sys.displayhook
        line = PREFIX + json.dumps(answer_to(modules, text))
        sys.stdout, sys.stderr, sys.displayhook = streams  # a module that is loaded may change them
        sys.stdout.write("\n" + line + "\n")

    module.API, module.run = API, run
    sys.modules["livyd_modules"] = module
    return module
