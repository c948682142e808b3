"""A real MIT KDC of the realm LIVYD.TEST on a loopback port, its people, services, tickets and bad days."""
import contextlib
import glob
import itertools
import os
import pathlib
import socket
import subprocess
import threading
import time

from .process import Process, free_port, listens, program, run

REALM = "LIVYD.TEST"
PASSWORDS = {"alice": "alice-pw", "bob": "bob-pw"}
SERVICES = ["HTTP/localhost", "HTTP/other.livyd.test", "nn/localhost", "dn/localhost", "knox/localhost",
            "livy/localhost"]

CLIENT = """[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  forwardable = true
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
  .livyd.test = {realm}
"""
SERVER = """[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {folder}/principal
    key_stash_file = {folder}/stash
    acl_file = {folder}/kadm5.acl
    max_life = 10h
    max_renewable_life = 1d
    supported_enctypes = aes256-cts:normal aes128-cts:normal
  }}
[logging]
  kdc = FILE:{folder}/requests.log
"""


class SilentKdc:
    """Accepts TCP connections and never answers: what libkrb5 waits 27 s for."""

    def __init__(self, folder):
        self.connections = 0
        self._accepted = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.config = pathlib.Path(folder) / f"silent-{self.port}.conf"
        self.config.write_text(CLIENT.format(realm=REALM, port=self.port))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                self._accepted.append(self._listener.accept()[0])
            except OSError:
                return
            self.connections += 1

    def close(self):
        # A blocked accept() does not notice that its socket is closed; it notices a shutdown.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        for connection in self._accepted:
            connection.close()


class Kdc:
    """`config` is the clients' krb5.conf. Tickets lie in files below `folder`, never in the user's own cache."""

    realm = REALM
    passwords = PASSWORDS

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.config = self.folder / "krb5.conf"
        self._number = itertools.count(1)
        self._process = None
        values = {"realm": REALM, "port": self.port, "folder": self.folder}
        self.config.write_text(CLIENT.format(**values))
        (self.folder / "kdc.conf").write_text(SERVER.format(**values))
        self._make_database()
        self.start()

    # ------------------------------------------------------------ the server

    def _server_environment(self):
        return dict(os.environ, KRB5_CONFIG=str(self.config), KRB5_KDC_PROFILE=str(self.folder / "kdc.conf"))

    def _make_database(self):
        environment = self._server_environment()
        run([program("kdb5_util", "krb5-kdc"), "create", "-s", "-r", REALM, "-P", "master-pw"], environment)
        requests = [f"addprinc -pw {password} {name}" for name, password in PASSWORDS.items()]
        requests += [f"addprinc -randkey {name}" for name in SERVICES]
        self._administrate(requests)
        for name in [*PASSWORDS, *SERVICES]:
            self._administrate([f"ktadd -k {self.keytab(name)} -norandkey {name}"])

    def _administrate(self, requests):
        said = run([program("kadmin.local", "krb5-admin-server"), "-r", REALM], self._server_environment(),
                   "\n".join(requests) + "\n")
        return said

    def start(self):
        """Starts the KDC on the same port and waits until it listens."""
        command = [program("krb5kdc", "krb5-kdc"), "-n", "-r", REALM]
        self._process = Process("krb5kdc", self.folder, command, self._server_environment())
        self._process.await_ready(lambda: listens(self.port), 20)

    def stop(self):
        """From here on nobody answers; cached tickets stay good."""
        self._process.stop()

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        self.stop()

    @property
    def process(self):
        return self._process

    # ------------------------------------------------------------ for clients

    def keytab(self, principal):
        """The path of the keytab of `alice`, `HTTP/localhost`, …"""
        return self.folder / (principal.replace("/", "-") + ".keytab")

    def environment(self, ccache=None, config=None, **more):
        """The process environment of a client with this ticket cache; without one it has no ticket."""
        values = {name: value for name, value in os.environ.items() if not name.startswith("KRB5")}
        values["KRB5_CONFIG"] = str(config or self.config)
        values["KRB5CCNAME"] = f"FILE:{ccache or self.folder / 'no-such-ccache'}"
        values.update(more)
        return values

    def kinit(self, user="alice", lifetime="10h", ccache=None, environment=None):
        """Gets a ticket (`lifetime` as kinit -l takes it) into `ccache` or a new file; returns its path."""
        ccache = pathlib.Path(ccache or self.folder / f"ccache-{user.replace('/', '-')}-{next(self._number)}")
        run([program("kinit", "krb5-user"), "-l", lifetime, "-k", "-t", self.keytab(user), user],
            {**self.environment(ccache), **(environment or {})})
        return ccache

    def fetch(self, ccache, service="HTTP/localhost"):
        """Puts the service's ticket into the cache, as a first request would: later the KDC is not asked."""
        run([program("kvno", "krb5-user"), service], self.environment(ccache))
        return ccache

    def kinit_expired(self, user="alice"):
        """A ticket cache whose ticket was good and is over."""
        ccache = self.kinit(user, "1s")
        deadline = time.monotonic() + 30
        while self.has_ticket(ccache):
            assert time.monotonic() < deadline, "a ticket of one second does not expire"
            time.sleep(0.1)
        # The library counts in whole seconds, and takes it for good in the one in which it ends.
        over = int(time.time()) + 1
        while time.time() < over:
            time.sleep(0.05)
        return ccache

    def has_ticket(self, ccache):
        """Whether `klist -s` finds a ticket that is still good."""
        command = [program("klist", "krb5-user"), "-s"]
        return subprocess.run(command, env=self.environment(ccache), check=False, timeout=20).returncode == 0

    def wrong_clock(self, offset):
        """Environment variables under which a process lives `offset` ("+10m", "-10m") away from us."""
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        assert found, "libfaketime is missing. Run scripts/setup stack, or install the package libfaketime."
        return {"LD_PRELOAD": found[0], "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    @contextlib.contextmanager
    def silent(self):
        """A SilentKdc for the length of a with block; `environment(config=silent.config)` points at it."""
        kdc = SilentKdc(self.folder)
        try:
            yield kdc
        finally:
            kdc.close()
