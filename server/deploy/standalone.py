def _livyd_standalone(scope, digest, tops, packages, script, arguments):
    """Makes the packages importable, here and on Spark's executors, and runs the script."""
    import atexit
    import base64
    import functools
    import importlib.abc
    import importlib.machinery
    import importlib.util
    import io
    import linecache
    import os
    import shutil
    import sys
    import tempfile
    import traceback
    import types
    import zipfile

    separator = os.sep

    class Loader(importlib.abc.ExecutionLoader):
        """One module; a folder without __init__.py is a package without code."""

        def __init__(self, archive, name, folder):
            self.packed = archive
            self.name = name  # in the zip: "etl/a.py", "etl/__init__.py"
            self.folder = folder  # of a package: "etl/"

        def is_package(self, fullname):
            return self.folder is not None

        def get_filename(self, fullname):
            return self.packed.location + separator + self.name.replace("/", separator)

        def get_source(self, fullname):
            if self.name not in self.packed.names:
                return ""
            return importlib.util.decode_source(self.packed.zip.read(self.name))

        def get_data(self, path):
            name = os.path.normpath(path)[len(self.packed.location) + 1:].replace(separator, "/")
            if name not in self.packed.names:
                raise FileNotFoundError(2, "No such file in the standalone script", path)
            return self.packed.zip.read(name)

        def get_resource_reader(self, fullname):
            return Resources(self.packed, self.folder) if self.folder is not None else None

        @property
        def archive(self):
            # Python 3.9's importlib.resources.files() knows no other way.
            return self.packed.copy()

    class Resources:
        """What lies beside the modules of a package, for importlib.resources."""

        def __init__(self, archive, folder):
            self.packed = archive
            self.folder = folder

        def files(self):
            return zipfile.Path(self.packed.copy(), self.folder)

        def open_resource(self, resource):
            if not self.is_resource(resource):
                raise FileNotFoundError(2, "No such resource", resource)
            return io.BytesIO(self.packed.zip.read(self.folder + resource))

        def resource_path(self, resource):
            raise FileNotFoundError(2, "It lies in memory", resource)

        def is_resource(self, name):
            return "/" not in name and self.folder + name in self.packed.names

        def contents(self):
            return self.packed.below(self.folder)

    class ZipWithPlace(zipfile.ZipFile):
        """A zip in memory that can say where it would lie."""

        def __fspath__(self):
            return self.place

    class Archive:
        def __init__(self, content, location):
            self.content = content
            self.location = location
            self.zip = zipfile.ZipFile(io.BytesIO(content))
            self.names = set(self.zip.namelist())

        def copy(self):
            # zipfile.Path changes what it is given.
            copy = ZipWithPlace(io.BytesIO(self.content))
            copy.place = self.location
            return copy

        def below(self, folder):
            rest = (name[len(folder):] for name in self.names if name.startswith(folder))
            return sorted({name.split("/")[0] for name in rest if name})

        def find(self, fullname, folder):
            """The spec of a module whose file would lie in this folder of the zip."""
            base = folder + fullname.rpartition(".")[2]
            if base + "/__init__.py" in self.names:
                return self.spec(fullname, base + "/__init__.py", base + "/")
            if base + ".py" in self.names:
                return self.spec(fullname, base + ".py", None)
            if base + "/" in self.names:
                return self.folder_without_init(fullname, base + "/")
            return None

        def spec(self, fullname, name, folder):
            loader = Loader(self, name, folder)
            spec = importlib.machinery.ModuleSpec(
                fullname, loader, origin=loader.get_filename(fullname), is_package=folder is not None)
            spec.has_location = name in self.names
            if folder is not None:
                spec.submodule_search_locations = [self.place_of(folder)]
            return spec

        def folder_without_init(self, fullname, folder):
            parent = fullname.rpartition(".")[0]
            path = sys.modules[parent].__path__ if parent else sys.path
            elsewhere = [place for place in path if not place.startswith(self.location)]
            if importlib.machinery.PathFinder.find_spec(fullname, elsewhere) is None:
                return self.spec(fullname, folder + "__init__.py", folder)
            # Others have a part of it too, or a package that counts more.
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [self.place_of(folder)]
            return spec

        def place_of(self, folder):
            return (self.location + "/" + folder).rstrip("/").replace("/", separator)

        def path_hook(self, place):
            if place == self.location or place.startswith(self.location + separator):
                folder = place[len(self.location) + 1:].replace(separator, "/")
                return Folder(self, folder + "/" if folder else "")
            raise ImportError(place)

    class Folder:
        """What sys.path finds at the archive's place, or a package's __path__ below it."""

        def __init__(self, archive, folder):
            self.packed = archive
            self.folder = folder

        def find_spec(self, fullname, target=None):
            return self.packed.find(fullname, self.folder)

        def invalidate_caches(self):
            pass

        def iter_modules(self, prefix=""):  # for pkgutil
            for name in self.packed.below(self.folder):
                if self.folder + name + "/__init__.py" in self.packed.names:
                    yield prefix + name, True
                elif name.endswith(".py") and name != "__init__.py":
                    yield prefix + name[:-3], False

    class Watcher:
        """Every look for a module is a chance to notice that PySpark has been imported."""

        def find_spec(self, fullname, path=None, target=None):
            follow_spark()

        def invalidate_caches(self):
            pass

    def follow_spark():
        context = getattr(sys.modules.get("pyspark.context"), "SparkContext", None)
        if context is None or getattr(context.__init__, "livyd_standalone", False):
            return
        begin = context.__init__

        @functools.wraps(begin)
        def begin_and_ship(self, *positional, **named):
            begin(self, *positional, **named)
            state.ship(self)

        begin_and_ship.livyd_standalone = True
        context.__init__ = begin_and_ship

    def active_context():
        context = getattr(sys.modules.get("pyspark.context"), "SparkContext", None)
        return getattr(context, "_active_spark_context", None)

    def ship(context):
        """Gives an executor's Python the packages; a new value in its environment, a new Python."""
        if context is None or getattr(context, "_jsc", None) is None:
            return
        if state.file is None:
            folder = tempfile.mkdtemp(prefix="livyd-")
            # Spark reads it again whenever an executor starts.
            atexit.register(shutil.rmtree, folder, True)
            state.file = os.path.join(folder, "standalone-" + state.digest + ".zip")
            with open(state.file, "wb") as file:
                file.write(state.archive.content)
        context.addPyFile(state.file)
        context.environment["LIVYD_STANDALONE"] = state.digest

    def belongs_to_python(module):
        place = getattr(module, "__file__", None)
        if place is None:
            return not hasattr(module, "__path__")
        library = os.path.dirname(os.__file__) + separator
        return place.startswith(library) and "-packages" + separator not in place[len(library):]

    def forget_modules(names):
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in names and not belongs_to_python(module):
                del sys.modules[name]

    def forget_place(location):
        sys.path[:] = [place for place in sys.path if place != location]
        for place in list(sys.path_importer_cache):
            if place == location or place.startswith(location + separator):
                del sys.path_importer_cache[place]

    def install():
        if state.archive is not None:
            forget_place(state.archive.location)
            sys.path_hooks[:] = [hook for hook in sys.path_hooks if hook != state.hook]
        forget_modules(set(tops) | set(state.tops))
        # It must look absolute, or import caches forget it.
        place = os.path.abspath(scope.get("__file__") or "standalone.py")
        content = base64.b64decode(packages)
        state.archive = Archive(content, place + "-" + digest)
        forget_place(state.archive.location)  # a spawned process inherits sys.path without our hook
        state.digest, state.tops, state.file = digest, tops, None
        state.hook, state.ship = state.archive.path_hook, ship
        sys.path_hooks.insert(0, state.hook)
        sys.path.insert(0, state.archive.location)
        if not any(type(finder).__name__ == "Watcher" for finder in sys.meta_path):
            sys.meta_path.insert(0, Watcher())
        follow_spark()
        ship(active_context())

    def is_program():
        file = scope.get("__file__")
        return bool(file and sys.argv and os.path.abspath(sys.argv[0]) == os.path.abspath(file))

    def print_without_us(kind, error, trace):
        theirs = trace
        name = script[0] if script is not None else None
        while theirs is not None and theirs.tb_frame.f_code.co_filename != name:
            theirs = theirs.tb_next
        traceback.print_exception(kind, error, theirs or trace)

    def run_script():
        name, lines = script
        text = "".join(lines)
        linecache.cache[name] = (len(text), None, list(lines), name)
        code = compile(text, name, "exec", dont_inherit=True)
        if is_program():
            # __file__ stays: multiprocessing starts it again.
            sys.argv = [name] + (sys.argv[1:] or list(arguments))
            exec(code, scope)
        else:
            run_as_statement(name, code)

    def run_as_statement(name, code):
        missing = object()
        before = {key: scope.get(key, missing) for key in ("__file__", "__name__")}
        argv = sys.argv
        sys.argv = [name] + list(arguments)
        scope["__file__"] = name
        scope.setdefault("__name__", "__main__")
        try:
            exec(code, scope)
        except SystemExit as end:
            if end.code not in (None, 0):
                raise
        finally:
            sys.argv = argv
            for key, value in before.items():
                if value is missing:
                    scope.pop(key, None)
                else:
                    scope[key] = value

    scope.pop("_livyd_standalone", None)
    state = sys.modules.get("livyd_standalone")
    if state is None:
        state = types.ModuleType("livyd_standalone")
        state.digest, state.tops, state.archive, state.hook, state.file = None, (), None, None, None
        sys.modules["livyd_standalone"] = state
    if packages and state.digest != digest:
        install()
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = print_without_us  # Python's own reads files only, before 3.13
    if script is not None:
        run_script()
