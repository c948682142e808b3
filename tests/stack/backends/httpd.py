"""Apache httpd in the foreground, with configuration of the rig's own; and the gateway that is made of it."""
import os
import pathlib
import pwd
import shutil
import tempfile

from .process import Process, free_port, listens, program
from .tap import Arrived, negotiations

MODULES = ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "auth_gssapi", "env",
           "setenvif", "headers", "log_config", "proxy", "proxy_http", "proxy_connect", "rewrite", "session",
           "session_cookie", "socache_shmcb", "ssl", "unixd"]
# What arrived, without secrets: the first word of Authorization is all that is kept of it.
HEAD = """ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/httpd-own.pid"
Mutex pthread default
ErrorLog /dev/stderr
LogLevel warn
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxSpareThreads 64
MinSpareThreads 1
MaxRequestWorkers 64
SetEnvIf Authorization "^([A-Za-z]+)" SCHEME=$1
SetEnvIf Proxy-Authorization "^([A-Za-z]+)" PROXY_SCHEME=$1
SetEnvIf Cookie "." COOKIE=yes
SetEnvIf Expect "." EXPECT=yes
LogFormat "%p\\t%m\\t%U%q\\t%{{SCHEME}}e\\t%{{PROXY_SCHEME}}e\\t%{{COOKIE}}e\\t%{{EXPECT}}e\\t%>s" arrived
CustomLog "{folder}/requests.log" arrived
"""


def modules_folder():
    for folder in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"):
        if os.path.isdir(folder):
            return folder
    raise AssertionError("httpd has no modules here. Run scripts/setup stack, or install the package apache2-bin.")


class Httpd:
    """httpd serves as nobody when root starts it, so its folder lies where nobody may look."""

    def __init__(self, name, configuration, ports, kdc, readable=()):
        self.name, self._ports = name, ports
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"livyd-{name}-"))
        self.process = None
        self._configure(configuration, [kdc.config, kdc.keytab("HTTP/localhost"), *readable])
        self.start()

    def _configure(self, configuration, readable):
        self.folder.chmod(0o755)
        text = HEAD.format(folder=self.folder)
        # What has no file is built in.
        files = {name: f"{modules_folder()}/mod_{name}.so" for name in MODULES}
        loads = "".join(f"LoadModule {name}_module {file}\n" for name, file in files.items() if os.path.exists(file))
        if os.getuid() == 0:
            text += "User nobody\nGroup nogroup\n"
        for file in readable:
            self._hand_over(file)
        text += "".join(f"Listen 127.0.0.1:{port}\n" for port in self._ports)
        (self.folder / "httpd.conf").write_text(loads + text + configuration.replace("@FOLDER@", str(self.folder)))

    def _hand_over(self, file):
        """A copy of a file (a keytab, a password file) that the serving processes can read."""
        copy = self.folder / pathlib.Path(file).name
        shutil.copyfile(file, copy)
        copy.chmod(0o600)
        if os.getuid() == 0:
            os.chown(copy, pwd.getpwnam("nobody").pw_uid, -1)

    def start(self):
        """Starts it on the same ports; sessions whose key was made at the start are over."""
        command = [program("apache2", "apache2-bin"), "-DFOREGROUND", "-f",
                   self.folder / "httpd.conf"]
        environment = dict(os.environ, KRB5_CONFIG=str(self.folder / "krb5.conf"))
        self.process = Process(self.name, self.folder, command, environment)
        self.process.await_ready(lambda: all(listens(port) for port in self._ports), 30)

    def stop(self):
        self.process.stop()

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def arrived(self, port, proxy=False):
        """The answered requests of a port; a tunnel counts when it ends. `proxy`: Proxy-Authorization's scheme."""
        found = []
        log = self.folder / "requests.log"
        for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
            own, method, target, scheme, proxy_scheme, cookie, expect, status = line.split("\t")
            if int(own) == port:
                scheme = (proxy_scheme if proxy else scheme).replace("-", "")
                found.append(Arrived(method, target, scheme, cookie == "yes", expect == "yes", int(status)))
        return found


TLS = """SSLEngine on
SSLCertificateFile {certificate.certificate}
SSLCertificateKeyFile {certificate.key}
SSLProtocol {protocol}
"""
# REMOTE_USER is known only after the login, which is before the rewriting of a <Location>. The user's short
# name goes to HDFS as Knox does it; names with `?` need UnsafeAllow3F.
NEGOTIATE = """<Location /gateway/default>
  AuthType GSSAPI
  AuthName gateway
  GssapiCredStore keytab:@FOLDER@/HTTP-localhost.keytab
  GssapiAllowedMech krb5
  GssapiSSLonly On
  GssapiUseSessions On
  Session On
  SessionCookieName gssapi_session path=/gateway/default;httponly;secure
  SessionMaxAge 1800
  Require valid-user
  RewriteEngine On
  RewriteOptions InheritBefore
  RewriteCond %{{REMOTE_USER}} ^([^@]+)
  RewriteRule ^.*?/gateway/default/webhdfs/v1(.*)$ {hdfs}/webhdfs/v1$1?user.name=%1 [P,QSA,UnsafeAllow3F]
</Location>
ProxyPass /gateway/default/livy/v1 {livy} disablereuse=On
ProxyPassReverse /gateway/default/livy/v1 {livy}
ProxyPass /gateway/default/data {data}
ProxyPassReverse /gateway/default/data {data}
"""
# A connection that the endpoint closes when it is idle must not be used again: that would be a 502 of the rig's own.
EVERYTHING = "ProxyPass / {livy}/ disablereuse=On\nProxyPassReverse / {livy}/\n"


class Gateway:
    """Doors with TLS before one Livy, each on a port of its own.

    `negotiate_url` + /livy/v1, /webhdfs/v1: SPNEGO and a sliding session cookie, which restart() revokes.
    `mutual_url` wants a client certificate of the authority. `bearer_url` passes Authorization on to the
    endpoint, which wants `token`. `open_url` wants nothing. `expired_url` shows a certificate that is over,
    `old_url` speaks TLS 1.0 and nothing newer. All but `negotiate_url` serve Livy at the root.
    """

    def __init__(self, kdc, authority, endpoint, hdfs):
        self.ca, self.token = authority.ca, endpoint.token
        self.client = authority.client("alice")
        self._ports = {name: free_port() for name in ("negotiate", "mutual", "bearer", "open", "expired", "old")}
        self._authority, self._endpoint, self._hdfs = authority, endpoint, hdfs
        self.httpd = Httpd("httpd", self._configuration(), list(self._ports.values()), kdc)

    def _configuration(self):
        livy, server = self._endpoint.url, self._authority.server()
        everything = EVERYTHING.format(livy=livy)
        direct = f"http://127.0.0.1:{self._endpoint.direct_port}"
        client = f"SSLVerifyClient require\nSSLVerifyDepth 1\nSSLCACertificateFile {self.ca}\n"
        hosts = {
            "negotiate": NEGOTIATE.format(livy=livy, hdfs=self._hdfs.direct_url, data=self._hdfs.data_url),
            "mutual": client + everything,
            "bearer": EVERYTHING.format(livy=direct),
            "open": everything,
            "expired": everything,
            "old": "SSLCipherSuite ALL:@SECLEVEL=0\n" + everything,
        }
        text = "SSLSessionCache none\n"
        for name, inside in hosts.items():
            certificate = self._authority.expired_server() if name == "expired" else server
            tls = TLS.format(certificate=certificate, protocol="TLSv1" if name == "old" else "-all +TLSv1.2 +TLSv1.3")
            text += f"<VirtualHost 127.0.0.1:{self._ports[name]}>\n{tls}{inside}</VirtualHost>\n"
        return text

    def __getattr__(self, name):
        door, _, url = name.rpartition("_")
        if url == "url" and door in self.__dict__.get("_ports", {}):
            base = f"https://localhost:{self._ports[door]}"
            return base + "/gateway/default" if door == "negotiate" else base
        raise AttributeError(name)

    def requests(self, door="negotiate"):
        """What a door answered so far."""
        return self.httpd.arrived(self._ports[door])

    def negotiations(self, prefix=""):
        return negotiations(self.requests(), prefix)

    def restart(self):
        self.httpd.restart()

    def close(self):
        self.httpd.close()
