"""Looks for secrets in what livyd left behind: in every form in which one can lie somewhere."""
import base64
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import urllib.parse

SHORTEST = 8
# What stands beside a cookie's or a token's value wherever one is written down.
SIGNS = [b"hadoop.auth=", b"KNOXSESSIONID=", b"rememberMe=", b"gssapi_session=", b"MagBearerToken", b"t=kerberos&e=",
         b"Negotiate YII", b"Authorization: ", b"Set-Cookie: ", b"delegation="]


def forms(secret):
    """The bytes themselves, as hex, percent-encoded, and as base64 wherever in a text they begin."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode(), urllib.parse.quote(secret).encode()}
    for offset, unsure in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(bytes(offset) + secret)
        sure = text[unsure:len(text) - (0 if (offset + len(secret)) % 3 == 0 else 4)]
        found |= {sure, sure.translate(bytes.maketrans(b"+/", b"-_"))}
    return {form for form in found if len(form) >= SHORTEST}


def suspects(folder, needles):
    """The files below the folder in which a part of a needle is: thousands of needles are sought in one pass."""
    parts = {max(re.split(rb"[\n\0]", needle), key=len) for needle in needles}
    with tempfile.NamedTemporaryFile() as patterns:
        # A pattern that is empty would be found everywhere, which is right for a needle of nothing but line ends.
        patterns.write(b"\n".join(sorted(parts)))
        patterns.flush()
        done = subprocess.run(["grep", "-RlaFZ", "-f", patterns.name, "--", folder], capture_output=True, check=False,
                              env={**os.environ, "LC_ALL": "C"})
    assert done.returncode in (0, 1), done.stderr.decode()
    return sorted(pathlib.Path(os.fsdecode(name)) for name in done.stdout.split(b"\0") if name)


def findings(folder, secrets):
    """"file: what" for each secret (name → bytes) and each sign that is in a file below the folder."""
    needles = {form: name for name, secret in secrets.items() for form in forms(secret)}
    needles.update({sign: sign.decode() for sign in SIGNS})
    found = []
    for path in suspects(folder, needles):
        content = path.read_bytes()
        found += [f"{path.relative_to(folder)}: {name}" for form, name in needles.items() if form in content]
    return found


# ------------------------------------------------------------ tickets


class _Reader:
    def __init__(self, content):
        self._content, self._at = content, 0

    def number(self, form):
        [value] = struct.unpack_from(">" + form, self._content, self._at)
        self._at += struct.calcsize(form)
        return value

    def octets(self):
        size = self.number("I")
        self._at += size
        return self._content[self._at - size:self._at]

    def skip(self, size):
        self._at += size

    def more(self):
        return self._at < len(self._content)

    def principal(self):
        self.skip(4)
        return [self.octets() for _ in range(self.number("I") + 1)]

    def pairs(self):
        for _ in range(self.number("I")):
            self.skip(2)
            self.octets()


def tickets(ccache):
    """Session keys and tickets in a file (https://web.mit.edu/kerberos/krb5-1.21/doc/formats/ccache_file_format.html)."""
    reader = _Reader(pathlib.Path(ccache).read_bytes())
    assert reader.number("H") == 0x0504
    reader.skip(reader.number("H"))
    reader.principal()
    while reader.more():
        reader.principal()
        server = reader.principal()
        reader.skip(2)
        key = reader.octets()
        reader.skip(16 + 1 + 4)
        reader.pairs()
        reader.pairs()
        ticket = reader.octets()
        reader.octets()
        if server[0] != b"X-CACHECONF:":
            yield key
            yield ticket
