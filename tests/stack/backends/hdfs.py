"""A real HDFS of one NameNode and one DataNode on loopback ports, simple or with Kerberos on WebHDFS."""
import json
import os
import pathlib
from xml.sax.saxutils import escape

from .curl import curl
from .jars import jars
from .java import java, opens
from .process import free_port, program, run
from .tap import Tap

HEAP = "128m"
FLAGS = opens("java.base", "java.lang", "java.util")
# Kerberos through reflection, as in livy.py.
KERBEROS_FLAGS = opens("java.security.jgss", "sun.security.krb5", "sun.security.jgss", "sun.security.jgss.krb5")
LOG = """log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{HH:mm:ss} %p %c{1}: %m%n
"""
NAMES = """RULE:[2:$1/$2@$0](nn/.*)s/.*/hdfs/
RULE:[2:$1/$2@$0](dn/.*)s/.*/hdfs/
DEFAULT"""


def site(values):
    """A Hadoop configuration file."""
    rows = "".join(f"  <property><name>{name}</name><value>{escape(str(value))}</value></property>\n"
                   for name, value in values.items())
    return f"<configuration>\n{rows}</configuration>\n"


class Hdfs:
    """`url` is the NameNode's web address through a tap that counts, `direct_url` the NameNode itself,
    `data_url` the DataNode, to which uploads and downloads are redirected, `filesystem` the URI for Hadoop's own protocol.

    Without a KDC whoever says `user.name=alice` is alice; with one WebHDFS wants Negotiate. /user/alice
    and /user/bob exist. knox may act for others.
    """

    def __init__(self, folder, kdc=None):
        self.folder = pathlib.Path(folder)
        self.kdc = kdc
        self._ccache = None
        self.rpc_port, self.port, self.data_port = free_port(), free_port(), free_port()
        self.filesystem = f"hdfs://localhost:{self.rpc_port}"
        self.direct_url = f"http://localhost:{self.port}"
        self.data_url = f"http://localhost:{self.data_port}"
        self._configure()
        self._tap = Tap(self.port)
        self.url = self._tap.url
        self._format()
        self.name_node = self._start("NameNode", "namenode.NameNode")
        self.data_node = self._start("DataNode", "datanode.DataNode")
        self.name_node.await_ready(self._is_serving, 90)
        self._make_homes()

    # ------------------------------------------------------------ configuration

    def _configure(self):
        self.conf = self.folder / "conf"
        # The published jars hold no web pages; the daemons are content with the folders.
        for part in ("hdfs", "datanode", "static"):
            (self.conf / "webapps" / part / "WEB-INF").mkdir(parents=True)
        (self.conf / "core-site.xml").write_text(site(self._core()))
        (self.conf / "hdfs-site.xml").write_text(site(self._hdfs()))
        (self.conf / "log4j.properties").write_text(LOG)

    def _core(self):
        values = {
            "fs.defaultFS": self.filesystem,
            "hadoop.tmp.dir": self.folder / "tmp",
            "hadoop.proxyuser.knox.hosts": "*",
            "hadoop.proxyuser.knox.groups": "*",
        }
        if self.kdc:
            values.update({
                "hadoop.security.authentication": "kerberos",
                "hadoop.security.authorization": "false",
                "hadoop.security.auth_to_local": NAMES,
                "hadoop.http.authentication.type": "kerberos",
                "hadoop.http.authentication.kerberos.principal": f"HTTP/localhost@{self.kdc.realm}",
                "hadoop.http.authentication.kerberos.keytab": self.kdc.keytab("HTTP/localhost"),
                "hadoop.http.authentication.signature.secret.file": self._secret(),
            })
        return values

    def _secret(self):
        path = self.folder / "signature-secret"
        path.write_text("signature-secret-of-hdfs")
        return path

    def _hdfs(self):
        values = {
            "dfs.namenode.rpc-address": f"localhost:{self.rpc_port}",
            "dfs.namenode.http-address": f"localhost:{self.port}",
            "dfs.datanode.http.address": f"localhost:{self.data_port}",
            "dfs.datanode.address": f"localhost:{free_port()}",
            "dfs.datanode.ipc.address": f"localhost:{free_port()}",
            "dfs.datanode.hostname": "localhost",
            "dfs.namenode.datanode.registration.ip-hostname-check": "false",
            "dfs.replication": 1,
            "dfs.namenode.name.dir": self.folder / "name",
            "dfs.datanode.data.dir": self.folder / "data",
            "dfs.datanode.du.reserved": 0,
        }
        if self.kdc:
            realm = self.kdc.realm
            values.update({
                "dfs.namenode.kerberos.principal": f"nn/localhost@{realm}",
                "dfs.namenode.keytab.file": self.kdc.keytab("nn/localhost"),
                "dfs.datanode.kerberos.principal": f"dn/localhost@{realm}",
                "dfs.datanode.keytab.file": self.kdc.keytab("dn/localhost"),
                "dfs.web.authentication.kerberos.principal": f"HTTP/localhost@{realm}",
                "dfs.web.authentication.kerberos.keytab": self.kdc.keytab("HTTP/localhost"),
                "dfs.block.access.token.enable": "true",
                "dfs.http.policy": "HTTP_ONLY",
                "ignore.secure.ports.for.testing": "true",
            })
        return values

    # ------------------------------------------------------------ the daemons

    def _environment(self):
        return dict(os.environ, HADOOP_USER_NAME="hdfs")

    def _flags(self):
        if not self.kdc:
            return FLAGS
        return FLAGS + KERBEROS_FLAGS + [f"-Djava.security.krb5.conf={self.kdc.config}"]

    def _format(self):
        command = [program("java", "openjdk-17-jre-headless"), "-Xmx" + HEAP, "-XX:TieredStopAtLevel=1", *self._flags(),
                   "-cp", f"{self.conf}:{jars('hdfs')}", "org.apache.hadoop.hdfs.server.namenode.NameNode", "-format",
                   "-nonInteractive"]
        run(command, self._environment())

    def _start(self, name, main_class):
        return java(name.lower(), self.folder, "org.apache.hadoop.hdfs.server." + main_class,
                    [self.conf, jars("hdfs")], self._flags(), environment=self._environment(), heap=HEAP)

    def _is_serving(self):
        """One live DataNode, and out of the safe mode."""
        answer = self._ask(f"{self.direct_url}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")
        if answer.status != 200:
            return False
        beans = json.loads(answer.body)["beans"]
        if not beans:
            return False
        state = beans[0]
        return state["NumLiveDataNodes"] == 1 and state["FSState"] == "Operational"

    def _make_homes(self):
        for name in ("alice", "bob"):
            self.administrate(f"/user/{name}?op=MKDIRS&permission=755")
            self.administrate(f"/user/{name}?op=SETOWNER&owner={name}&group={name}")
        self.administrate("/tmp?op=MKDIRS&permission=1777")

    def administrate(self, request):
        """A PUT below /webhdfs/v1 as the superuser."""
        answer = self._ask(f"{self.direct_url}/webhdfs/v1{request}", "--request", "PUT")
        assert answer.status == 200, answer

    def _ask(self, url, *options):
        if self.kdc:
            environment = self.kdc.environment(self._superuser_ccache())
            return curl(url, *options, "--negotiate", "--user", ":", environment=environment)
        return curl(url + "&user.name=hdfs", *options)

    def _superuser_ccache(self):
        if self._ccache is None:
            self._ccache = self.kdc.kinit("nn/localhost")
        return self._ccache

    # ------------------------------------------------------------ what arrived

    @property
    def requests(self):
        return self._tap.requests

    def negotiations(self, prefix=""):
        return self._tap.negotiations(prefix)

    def close(self):
        self._tap.close()
        self.data_node.stop()
        self.name_node.stop()
