"""Cells as data: tests/data/cells/NAME.txt holds a cell's code and what is expected of it with the
agent and without, as a person would read it; NAME.txt in a folder of a server's holds what differs."""

import glob
import os
import re

from .server import PROJECT

FOLDER = os.path.join(PROJECT, "tests", "data", "cells")
SECTION = re.compile(r"^==== (.+)\n", re.MULTILINE)
FILE, LINE = "/project/report.py", 10
AFTERWARDS = "1 + 1"
LIVED = "and then 1 + 1 is 2"


def names():
    return sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(FOLDER, "*.txt")))


def path_of(name, server=""):
    return os.path.join(FOLDER, server, name + ".txt")


def sections(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        pieces = SECTION.split(file.read())
    return dict(zip(pieces[1::2], pieces[2::2]))


def load(name, server=""):
    """Code, and what is expected by mode ("agent", "plain")."""
    found = sections(path_of(name))
    if server and os.path.exists(path_of(name, server)):
        found.update(sections(path_of(name, server)))
    return found


def save(name, found, server=""):
    os.makedirs(os.path.dirname(path_of(name, server)), exist_ok=True)
    with open(path_of(name, server), "w", encoding="utf-8", newline="\n") as file:
        file.write("".join("==== %s\n%s" % (title, text) for title, text in found.items()))


def code_of(found):
    """What is sent; an escape stands for what a text file cannot show."""
    return found["code"][:-1].replace("␀", "\0").replace("␍", "\r")


def shown(output, afterwards):
    """An outcome as text, without what differs from one Python to the next."""
    if output is None:
        lines = ["no output"]
    elif output["status"] == "ok":
        lines = ["ok"]
        for mime, value in sorted(output["data"].items()):
            if mime == "text/plain":
                lines.append(shortened(value))
            elif mime != "application/vnd.livyd.run+json":
                lines.append("%s: %s" % (mime, shortened(str(value))))
    else:
        words = output["evalue"].split("\n")[0]
        words = words.split(": ")[0] if ".jackson." in output["ename"] else words
        lines = ["error %s: %s" % (output["ename"], words)]
        if not words.startswith("Interpreter died"):
            lines.append(shortened("".join(output["traceback"])))
    text = without_versions("\n".join(line for line in lines if line))
    return "%s\n%s\n" % (text.rstrip("\n"), afterwards)


def shortened(text):
    if len(text) <= 900:
        return text
    return "%s… (%d characters)" % (text[:60], len(text))


def without_versions(text):
    text = re.sub(r"^ *[~^]+[~^ ]*\n", "", text, flags=re.MULTILINE)  # markers of 3.11 and newer
    text = re.sub(r"repeated \d+ more times", "repeated N more times", text)
    text = re.sub(r'File "[^"]*/\d{10,}", line \d+', 'File "<the shell>", line N', text)  # Livy's own, unpacked
    text = re.sub(r'File "[^"]*/(?!report\.py)([^/"]+\.py)"', r'File "…/\1"', text)
    text = re.sub(r'(File "…/(?!helper).*|File "<frozen .*), line \d+', r"\1, line N", text)
    text = re.sub(r'File "(<frozen _sitebuiltins>|…/_sitebuiltins.py)"', 'File "_sitebuiltins"', text)
    text = re.sub(r" after 'if' statement on line \d+", "", text)  # 3.10 and newer
    text = re.sub(r"<unprintable \w+ object>", "<exception str() failed>", text)  # before 3.11
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
