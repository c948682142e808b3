"""The newest Livy server that is published, 0.7.1-incubating: its REST layer, its authentication, its batches."""
import importlib.util
import os
import pathlib
import sys

from .jars import jars
from .hdfs import site
from .java import exports, java, opens
from .process import free_port, status_of
from .tap import Tap

FLAGS = [
    *opens("java.base", "java.lang", "java.lang.invoke", "java.nio", "java.util.concurrent.atomic", "java.net",
           "java.io", "sun.nio.ch", "sun.util.calendar"),
    *exports("java.base", "sun.net.dns", "sun.net.util", "sun.security.x509", "sun.security.util"),
    # Hadoop 2.7's authentication finds the Kerberos mechanism by reflection.
    *exports("java.security.jgss", "sun.security.krb5", "sun.security.jgss", "sun.security.jgss.krb5"),
    *opens("java.security.jgss", "sun.security.krb5", "sun.security.jgss", "sun.security.jgss.krb5"),
]
LIVY = """livy.server.host = 127.0.0.1
livy.server.port = {port}
livy.spark.master = local[2]
livy.rsc.rpc.server.address = 127.0.0.1
livy.rsc.launcher.address = 127.0.0.1
livy.rsc.launcher.port.range = 10000~10200
livy.file.local-dir-whitelist = {files}
livy.session.staging-dir = {files}/staging
livy.server.csrf-protection.enabled = {csrf}
"""
KERBEROS = """livy.server.auth.type = kerberos
livy.server.auth.kerberos.principal = HTTP/localhost@{realm}
livy.server.auth.kerberos.keytab = {keytab}
livy.server.auth.kerberos.name-rules = DEFAULT
livy.impersonation.enabled = true
livy.superusers = knox
"""
SPARK = """spark.ui.enabled false
spark.driver.memory 512m
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.sql.shuffle.partitions 2
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
"""
LOG = """log4j.rootCategory=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{HH:mm:ss} %p %c{1}: %m%n
"""


class Livy:
    """With a KDC: hadoop-auth and CSRF protection are on, and knox may act for others. `files` is where a batch may take its file from.

    `filesystem` ("hdfs://localhost:9000"): where paths without a scheme are, also for Spark.

    `url` leads through a tap that counts (`requests`, `negotiations()`), `direct_url` to Livy itself.
    """

    def __init__(self, folder, kdc=None, filesystem=None):
        self.folder = pathlib.Path(folder)
        self.kdc = kdc
        self.filesystem = filesystem
        self.port = free_port()
        self.direct_url = f"http://localhost:{self.port}"
        self.files = self.folder / "files"
        self._configure()
        self._tap = Tap(self.port)
        self.url = self._tap.url
        self.process = None
        self.start()

    def _configure(self):
        for part in ("conf", "files/staging", "logs", "rsc-jars", "repl_2.11-jars", "repl_2.12-jars"):
            (self.folder / part).mkdir(parents=True)
        text = LIVY.format(port=self.port, files=self.files, csrf="true" if self.kdc else "false")
        if self.kdc:
            text += KERBEROS.format(realm=self.kdc.realm, keytab=self.kdc.keytab("HTTP/localhost"))
        (self.folder / "conf" / "livy.conf").write_text(text)
        (self.folder / "conf" / "spark-defaults.conf").write_text(SPARK)
        (self.folder / "conf" / "log4j.properties").write_text(LOG)
        if self.filesystem:
            (self.folder / "conf" / "core-site.xml").write_text(site({"fs.defaultFS": self.filesystem}))

    def _environment(self):
        spark = pathlib.Path(importlib.util.find_spec("pyspark").origin).parent
        conf = str(self.folder / "conf")
        return dict(
            os.environ, LIVY_HOME=str(self.folder), LIVY_CONF_DIR=conf, LIVY_LOG_DIR=str(self.folder / "logs"),
            SPARK_HOME=str(spark), SPARK_CONF_DIR=conf, SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)

    def start(self):
        """Starts the server on the same port; what it knew, cookies and batches, is gone."""
        flags = FLAGS + ([f"-Djava.security.krb5.conf={self.kdc.config}"] if self.kdc else [])
        self.process = java(
            "livy", self.folder, "org.apache.livy.server.LivyServer", [self.folder / "conf", jars("livy")], flags,
            environment=self._environment())
        wanted = 401 if self.kdc else 200
        self.process.await_ready(lambda: status_of(self.direct_url + "/version") == wanted, 120)

    def restart(self):
        self.process.stop()
        self.start()

    @property
    def requests(self):
        return self._tap.requests

    @property
    def secrets(self):
        """Tokens and cookies that went by."""
        return self._tap.secrets

    def negotiations(self, prefix=""):
        return self._tap.negotiations(prefix)

    def close(self):
        self._tap.close()
        self.process.stop()
