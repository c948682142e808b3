"""A certificate authority of the tests' own, and the certificates it issues: nobody trusts it unasked."""
import dataclasses
import glob
import os
import pathlib

from .process import program, run

EXTENSIONS = """basicConstraints = critical, CA:FALSE
extendedKeyUsage = {usage}
{names}
"""


@dataclasses.dataclass
class Issued:
    """Paths of PEM files."""

    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """`ca` is the PEM file that a client must be given to trust what is issued here."""

    def __init__(self, folder, name="livyd test authority"):
        self.folder = pathlib.Path(folder)
        self.ca = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                      "-addext", "keyUsage = critical, keyCertSign, cRLSign", "-out", self.ca, "-keyout", self._key)

    def server(self, host="localhost"):
        """For a server that is reached by this name and no other, not even by its address."""
        return self._issue(f"server-{host}", f"/CN={host}", "serverAuth", f"subjectAltName = DNS:{host}")

    def expired_server(self, host="localhost"):
        """The same, over since a week or so."""
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        assert found, "libfaketime is missing. Run scripts/setup stack, or install the package libfaketime."
        environment = dict(os.environ, LD_PRELOAD=found[0], FAKETIME="-10d")
        return self._issue(f"expired-{host}", f"/CN={host}", "serverAuth", f"subjectAltName = DNS:{host}", environment)

    def last_day(self, file):
        """Of an issued certificate, as 2026-11-30, in UTC."""
        end = self._openssl("x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in", self.folder / f"{file}.pem")
        return end.strip().partition("=")[2].partition(" ")[0]

    def client(self, name="alice"):
        """For a person who shows a certificate."""
        return self._issue(f"client-{name}", f"/CN={name}", "clientAuth")

    def _issue(self, file, subject, usage, names="", environment=None):
        issued = Issued(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        request, extensions = self.folder / f"{file}.csr", self.folder / f"{file}.ext"
        extensions.write_text(EXTENSIONS.format(usage=usage, names=names))
        self._openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-out", request,
                      "-keyout", issued.key)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial",
                      "-days", "2", "-extfile", extensions, "-out", issued.certificate, environment=environment)
        return issued

    def _openssl(self, *arguments, environment=None):
        return run([program("openssl", "openssl"), *arguments], environment)


def keystore(issued, alias, password, path):
    """Writes certificate and key as a Java key store."""
    bundle = path.with_suffix(".p12")
    run([program("openssl", "openssl"), "pkcs12", "-export", "-in", issued.certificate, "-inkey", issued.key,
         "-name", alias, "-out", bundle, "-passout", f"pass:{password}"])
    run([program("keytool", "openjdk-17-jdk-headless"), "-importkeystore", "-noprompt", "-srckeystore", bundle,
         "-srcstoretype", "PKCS12", "-srcstorepass", password, "-destkeystore", path, "-deststoretype", "JKS",
         "-deststorepass", password, "-destkeypass", password])
