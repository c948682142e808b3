"""Bearer tokens as Knox issues them: JSON web tokens, signed with RSA by a key of the tests' own."""
import base64
import json
import pathlib
import subprocess
import time

from .process import program, run


def _url64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


class Signer:
    """`verification_pem` is what Knox wants to know of the key: the certificate's base64 alone."""

    def __init__(self, folder):
        self._key = pathlib.Path(folder) / "jwt.key"
        certificate = pathlib.Path(folder) / "jwt.pem"
        run([program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
             "/CN=tokens", "-out", certificate, "-keyout", self._key])
        lines = certificate.read_text().splitlines()
        self.verification_pem = "".join(line for line in lines if not line.startswith("-----"))

    def token(self, user="alice", seconds=3600):
        """A token for the user; with negative seconds one that is over."""
        now = int(time.time())
        claims = {"sub": user, "iss": "KNOXSSO", "iat": now - 60, "exp": now + seconds}
        head = {"alg": "RS256", "typ": "JWT"}
        text = b".".join(_url64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        signed = subprocess.run(
            [program("openssl", "openssl"), "dgst", "-sha256", "-sign", self._key], input=text, capture_output=True,
            timeout=20, check=True)
        return (text + b"." + _url64(signed.stdout)).decode()
