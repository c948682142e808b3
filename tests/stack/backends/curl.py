"""curl as the client that proves the rig itself right: one request, its status, headers and body."""
import dataclasses
import os
import re
import subprocess

from .process import program


@dataclasses.dataclass
class Answer:
    status: int
    headers: str
    body: bytes

    def header(self, name):
        found = re.search(rf"^{name}:[ \t]*([^\r\n]*)", self.headers, re.IGNORECASE | re.MULTILINE)
        return found.group(1) if found else ""


def curl(url, *options, environment=None, seconds=60):
    """The last answer of `curl [options] url`; one of status 0 when curl could not get any."""
    environment = {name: value for name, value in (environment or os.environ).items()
                   if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [program("curl", "curl"), "--silent", "--show-error", "--include", "--max-time", str(seconds),
         *map(str, options), str(url)], env=environment, capture_output=True, timeout=seconds + 10, check=False)
    status, headers, rest = 0, "", done.stdout
    # Each 1xx, 401 before the second leg, proxy answer comes with a head of its own.
    while rest.startswith(b"HTTP/"):
        head, _, rest = rest.partition(b"\r\n\r\n")
        headers = head.decode("latin-1") + "\r\n"
        status = int(headers.split(" ", 2)[1])
    return Answer(status, headers, rest if status else done.stderr)
