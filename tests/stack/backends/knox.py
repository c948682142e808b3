"""A real Knox 2.0.0 with TLS, one topology for each way to log in, before the embedded endpoint and an HDFS."""
import pathlib
import re
import zipfile
from xml.sax.saxutils import escape

from .curl import curl
from .hdfs import site
from .jars import folder_of, jars
from .java import exports, java, opens
from .jwt import Signer
from .process import free_port, program, run
from .tap import Arrived, negotiations
from .tls import keystore

MASTER = "knox-master-secret"
FLAGS = [
    *exports("java.base", "sun.security.x509", "sun.security.pkcs", "jdk.internal.misc", "sun.net.util", "sun.net.dns"),
    *exports("java.naming", "com.sun.jndi.ldap"),
    *opens("java.base", "sun.security.util", "java.lang", "java.lang.reflect", "java.util"),
]
# The gateway's own trace says what arrived; tickets, passwords and cookies are cut out of it.
LOG = """<Configuration status="WARN">
  <Appenders>
    <Console name="console" target="SYSTEM_ERR"><PatternLayout pattern="%d{HH:mm:ss} %p %c{2}: %m%n"/></Console>
    <File name="requests" fileName="REQUESTS">
      <PatternLayout pattern="%replace{%m}{(Authorization\\]=\\S+|Cookie\\]=)[^\\n]*}{$1}%n"/>
    </File>
  </Appenders>
  <Loggers>
    <Logger name="org.apache.knox.gateway.http.request" level="TRACE" additivity="false">
      <AppenderRef ref="requests"/>
    </Logger>
    <Logger name="org.apache.knox.gateway.http.request.body" level="OFF"/>
    <Logger name="org.apache.knox.gateway.access" level="TRACE" additivity="false">
      <AppenderRef ref="requests"/>
    </Logger>
    <Root level="INFO"><AppenderRef ref="console"/></Root>
  </Loggers>
</Configuration>
"""


def provider(role, name, parameters=()):
    rows = "".join(f"<param><name>{name}</name><value>{escape(str(value))}</value></param>"
                   for name, value in dict(parameters).items())
    return f"<provider><role>{role}</role><name>{name}</name><enabled>true</enabled>{rows}</provider>"


def basic():
    return provider("authentication", "ShiroProvider", {
        "sessionTimeout": 30, "users.alice": "alice-pw", "users.bob": "bob-pw", "urls./**": "authcBasic"})


def spnego(kdc, topology, **more):
    """The block of Knox's manual; `more` says how the cookie is signed and how long it holds."""
    prefix = "hadoop.auth.config"
    values = {
        "type": "kerberos", "simple.anonymous.allowed": "false", "token.validity": 1800,
        "cookie.path": f"gateway/{topology}", "kerberos.principal": f"HTTP/localhost@{kdc.realm}",
        "kerberos.keytab": kdc.keytab("HTTP/localhost"), "kerberos.name.rules": "DEFAULT",
        **{name.replace("_", "."): value for name, value in more.items()},
    }
    return provider("authentication", "HadoopAuth", {
        "config.prefix": prefix, **{f"{prefix}.{name}": value for name, value in values.items()}})


# One option a line: Knox reads this file as properties, too.
JAAS = """com.sun.security.jgss.initiate {{
com.sun.security.auth.module.Krb5LoginModule required
renewTGT=false
doNotPrompt=true
useKeyTab=true
keyTab="{keytab}"
principal="{principal}"
storeKey=true
useTicketCache=false;
}};
"""


class Knox:
    """`url(topology)` is the base under which /livy/v1 and /webhdfs/v1 are; `ca` the file that makes it trusted.

    Topologies: `basic` (alice-pw, bob-pw), `spnego-routes` (the manual's configuration: every route signs its
    cookie with a secret of its own), `spnego` (one secret for all), `spnego-short` (a cookie of 20 s),
    `bearer` (tokens of `tokens.token(user, seconds)`).
    """

    topologies = ("basic", "spnego-routes", "spnego", "spnego-short", "bearer")

    def __init__(self, folder, kdc, authority, livy_url, hdfs):
        self.folder = pathlib.Path(folder)
        self.kdc, self.authority, self.livy_url, self.hdfs = kdc, authority, livy_url, hdfs
        self.port = free_port()
        self.ca = authority.ca
        self.tokens = Signer(self.folder)
        self._trace = self.folder / "requests.log"
        self._configure()
        self.process = None
        self.start()

    def url(self, topology):
        return f"https://localhost:{self.port}/gateway/{topology}"

    # ------------------------------------------------------------ configuration

    def _configure(self):
        for part in ("conf/topologies", "conf/shared-providers", "conf/descriptors", "data/security/keystores",
                     "data/deployments", "logs"):
            (self.folder / part).mkdir(parents=True)
        definitions = next(folder_of("knox").glob("gateway-service-definitions-*.jar"))
        with zipfile.ZipFile(definitions) as jar:
            jar.extractall(self.folder / "data", [name for name in jar.namelist() if name.startswith("services/")])
        (self.folder / "conf" / "gateway-site.xml").write_text(site(self._site()))
        (self.folder / "conf" / "gateway-log4j2.xml").write_text(LOG.replace("REQUESTS", str(self._trace)))
        for topology, login in self._logins().items():
            (self.folder / "conf" / "topologies" / f"{topology}.xml").write_text(self._topology(login))
        self._run_cli("create-master", "--master", MASTER)
        keystore(self.authority.server(), "gateway-identity", MASTER,
                 self.folder / "data" / "security" / "keystores" / "gateway.jks")

    def _site(self):
        return {
            "gateway.host": "127.0.0.1",
            "gateway.port": self.port,
            "gateway.path": "gateway",
            "gateway.dispatch.whitelist": r"^https?://(localhost|127\.0\.0\.1):[0-9]+/?.*$",
            "gateway.websocket.feature.enabled": "false",
            "gateway.webshell.feature.enabled": "false",
        }

    def _logins(self):
        secret = self.folder / "signature-secret"
        secret.write_text("signature-secret-of-knox")
        logins = {
            "basic": basic(),
            "spnego-routes": spnego(self.kdc, "spnego-routes", signature_secret="signature-secret-of-knox"),
            "spnego": spnego(self.kdc, "spnego", signature_secret_file=secret),
            "spnego-short": spnego(self.kdc, "spnego-short", signature_secret_file=secret, token_validity=20),
            "bearer": provider("federation", "JWTProvider", {
                "knox.token.verification.pem": self.tokens.verification_pem}),
        }
        return {topology: logins[topology] for topology in self.topologies}

    def _topology(self, login):
        services = {
            "NAMENODE": f"hdfs://localhost:{self.hdfs.rpc_port}",
            "WEBHDFS": f"{self.hdfs.direct_url}/webhdfs",
            "LIVYSERVER": self.livy_url,
        }
        rows = "".join(f"<service><role>{role}</role><url>{url}</url></service>" for role, url in services.items())
        other = provider("identity-assertion", "Default") + provider(
            "hostmap", "static", {"localhost": "localhost,127.0.0.1"})
        return f"<topology><gateway>{login}{other}</gateway>{rows}</topology>"

    # ------------------------------------------------------------ the gateway

    def _flags(self):
        return FLAGS + [
            f"-DGATEWAY_HOME={self.folder}", f"-Djava.security.krb5.conf={self.kdc.config}",
            f"-Dlog4j.configurationFile={self.folder}/conf/gateway-log4j2.xml"]

    def _run_cli(self, *arguments):
        run([program("java", "openjdk-17-jre-headless"), "-XX:TieredStopAtLevel=1", *self._flags(), "-cp",
             f"{self.folder}/conf:{jars('knox')}", "org.apache.knox.gateway.util.KnoxCLI", *arguments])

    def start(self):
        """Starts the gateway on the same port; sessions and randomly signed cookies of before are gone."""
        self.process = java("knox", self.folder, "org.apache.knox.gateway.GatewayServer",
                            [self.folder / "conf", jars("knox")], self._flags(), heap="512m")
        waiting = list(self.topologies)

        def is_ready():
            while waiting and curl(self.url(waiting[0]) + "/webhdfs/v1/?op=LISTSTATUS", "--cacert", self.ca).status == 401:
                del waiting[0]
            return not waiting

        self.process.await_ready(is_ready, 180)

    def stop(self):
        self.process.stop()

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        self.stop()

    # ------------------------------------------------------------ what arrived

    @property
    def requests(self):
        """What arrived since the start, in order, of all topologies."""
        return arrivals(self._trace.read_text(errors="replace"))

    def negotiations(self, prefix=""):
        """`prefix` is a path's beginning: "/gateway/spnego/livy" is a route."""
        return negotiations(self.requests, prefix)


class KerberisedKnox(Knox):
    """Before a Livy and an HDFS that want Kerberos: it logs in there as knox and names the user in `doAs`."""

    topologies = ("basic", "spnego")

    def _site(self):
        jaas = self.folder / "conf" / "login.conf"
        jaas.write_text(JAAS.format(
            keytab=self.kdc.keytab("knox/localhost"), principal=f"knox/localhost@{self.kdc.realm}"))
        return {
            **super()._site(),
            "gateway.hadoop.kerberos.secured": "true",
            "java.security.krb5.conf": self.kdc.config,
            "java.security.auth.login.config": jaas,
        }


REQUEST = re.compile(r"\|\|[^|]*\|Request=(\S+) (\S+)$")
HEADER = re.compile(r"\tHeader\[([^\]]*)\]=(.*)$")
ANSWERED = re.compile(r"\|\|\|[^|]*\|(\S+)\|https://[^/|]*(/[^|]*)\|-?\d+\|(\d{3})\|")


def arrivals(text):
    """The requests of the trace: a line with its headers below when one comes, a line when it is answered."""
    found = []
    for line in text.splitlines():
        if match := REQUEST.match(line):
            found.append(Arrived(*match.groups()))
        elif (match := HEADER.match(line)) and found:
            name, value = match.group(1).lower(), match.group(2)
            if name == "authorization":
                found[-1].scheme = value
            elif name == "cookie":
                found[-1].cookie = True
            elif name == "expect":
                found[-1].expect = True
        elif match := ANSWERED.match(line):
            method, target, status = match.groups()
            for one in found:
                if one.status is None and (one.method, one.target) == (method, target):
                    one.status = int(status)
                    break
    return found
