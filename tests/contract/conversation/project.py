"""A project in a home of its own, and the profile that deploys it. Says what of it travelled, and how."""

import json
import os
import re

from fault_proxy import FaultProxy

UPLOADS = "/sessions/[^/]+/upload-(py)?file"


class Project:
    """`livyd` in a folder with a package `etl` of a few modules, with the profile `here`."""

    def __init__(self, home, server=None):
        self.home = home
        self.proxy = FaultProxy() if server else None
        self.door = self.proxy.door(server.url, server.token) if server else None
        self.file("modules/etl/__init__.py", "from etl.load import version\n")
        self.file("modules/etl/names.py", "PREFIX = 'version '\n")
        self.edit(1)

    def file(self, name, content):
        path = os.path.join(self.home.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return self.home.write(name, content)

    def edit(self, number):
        """Another version of etl.load."""
        self.file("modules/etl/load.py",
                  f"from etl.names import PREFIX\n\n\ndef version():\n    return PREFIX + '{number}'\n")

    def settings(self, **deploy):
        """The profile, for an editor's window."""
        return {"here": {"url": self.door.url if self.door else "local", "deploy": deploy}}

    def profile(self, **deploy):
        """The profile, for the command line."""
        folder = os.path.join(self.home.environment["XDG_CONFIG_HOME"], "livyd")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "profiles.json"), "w", encoding="utf-8") as file:
            json.dump(self.settings(**deploy), file)
        return self

    def livyd(self, *words, code=0, seconds=180):
        words, dashes = list(words), []
        if "-c" in words:
            words, dashes = words[:words.index("-c")], words[words.index("-c"):]
        ended = self.home.run(*words, "--profile", "here", *dashes, seconds=seconds)
        assert ended.code == code, ended
        return ended

    def run(self, code):
        """What it printed."""
        return self.livyd("run", "-c", code).out.strip()

    def version(self):
        return self.run("import etl.load; print(etl.load.version())")

    def json(self, *words, code=0):
        return [json.loads(line) for line in self.livyd(*words, "--json", code=code).out.splitlines()]

    def plan(self):
        """Bundle's target -> state."""
        [planned] = self.json("deploy", "--dry-run")
        return {one["target"]: one["state"] for one in planned["bundles"]}

    def deployed(self):
        return self.json("deploy", "list")

    def uploads(self):
        """The names of the files that went through Livy's upload, in their order."""
        return [re.search(rb'filename="([^"]+)"', one.body)[1].decode()
                for one in self.door.arrived("POST", UPLOADS)]

    def daemon(self, state, **deploy):
        """An editor's window on this project."""
        daemon = self.home.daemon()
        daemon.initialize(state, self.settings(**deploy), workspaceFolder=self.home.work)
        return daemon

    def close(self):
        if self.proxy:
            self.proxy.close()
