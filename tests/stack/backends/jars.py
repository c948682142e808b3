"""The published Java software of the rig, in the cache, every file with the hash that is committed here.

    python jars.py [part...]          fetches what is missing through Maven and its own configuration
    python jars.py --check [part...]  exit code 1 when something is missing
    python jars.py --lock part...     fetches and writes the hashes down anew
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
PARTS = ("livy", "hdfs", "knox")
# Copies the jars of a project's dependencies; the version is pinned like everything else.
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
COMPLETE = "livyd.sha256"


class Missing(AssertionError):
    """The jars are not there; the message says what to run."""


def cache():
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "livyd" / "jars"


def folder_of(part):
    version = xml.etree.ElementTree.parse(HERE / f"{part}.xml").findtext("version")
    return cache() / f"{part}-{version}"


def lock_of(part):
    return (HERE / f"{part}.sha256").read_text()


def complete(part):
    """Whether the folder was filled and verified against today's hashes."""
    done = folder_of(part) / COMPLETE
    return done.is_file() and done.read_text() == lock_of(part)


def jars(part):
    """The class path entry of all jars of a part, `…/*`."""
    if not complete(part):
        raise Missing(f"The jars of {part} are missing in {folder_of(part)}. Run scripts/setup stack.")
    return folder_of(part) / "*"


def hashes(folder):
    """The folder's jars as sha256sum writes them."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.glob("*.jar")))


def difference(found, wanted):
    found, wanted = set(found.splitlines()), set(wanted.splitlines())
    return "\n".join(
        [f"  not wanted: {line}" for line in sorted(found - wanted)[:10]] +
        [f"  missing:    {line}" for line in sorted(wanted - found)[:10]])


def download(part, folder):
    if not shutil.which("mvn"):
        raise Missing("mvn is missing. Install the packages maven and default-jdk-headless.")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        ["mvn", "--batch-mode", "--quiet", "-f", str(HERE / f"{part}.xml"), COPY, "-DincludeScope=runtime",
         f"-DoutputDirectory={folder}"], check=True, stdin=subprocess.DEVNULL)


def fetch(part, lock=False):
    """Downloads beside the place, verifies, moves there."""
    if not lock and complete(part):
        return
    new = folder_of(part).with_name(folder_of(part).name + ".part")
    new.parent.mkdir(parents=True, exist_ok=True)
    download(part, new)
    found = hashes(new)
    if lock:
        (HERE / f"{part}.sha256").write_text(found)
    if found != lock_of(part):
        raise Missing(f"The jars of {part} are not those of {part}.sha256:\n{difference(found, lock_of(part))}")
    (new / COMPLETE).write_text(found)
    shutil.rmtree(folder_of(part), ignore_errors=True)
    new.rename(folder_of(part))


def main(words):
    options = [word for word in words if word.startswith("--")]
    parts = [word for word in words if word not in options] or PARTS
    if "--check" in options:
        return 0 if all(complete(part) for part in parts) else 1
    try:
        for part in parts:
            fetch(part, "--lock" in options)
    except (Missing, subprocess.CalledProcessError) as failed:
        return str(failed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
