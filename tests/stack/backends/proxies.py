"""Forward proxies as companies have them: httpd with CONNECT, for whoever logs in by Basic or by Negotiate."""
from .httpd import Httpd
from .process import free_port, program, run
from .tap import negotiations

HOST = """<VirtualHost 127.0.0.1:{port}>
  ProxyRequests On
  ProxyVia Off
  AllowCONNECT 1-65535
  <Proxy "*">
{login}
  </Proxy>
</VirtualHost>
"""
BASIC = """    AuthType Basic
    AuthName proxy
    AuthBasicProvider file
    AuthUserFile @FOLDER@/proxy-users
    Require valid-user"""
NEGOTIATE = """    AuthType GSSAPI
    AuthName proxy
    GssapiCredStore keytab:@FOLDER@/HTTP-localhost.keytab
    GssapiAllowedMech krb5
    Require valid-user"""
REFUSING = "    Require all denied"


class Proxies:
    """`basic_url` lets alice in with `password`, `negotiate_url` whoever has a ticket, `refusing_url` nobody."""

    user, password = "alice", "alice-proxy-pw"

    def __init__(self, folder, kdc):
        self._ports = {name: free_port() for name in ("basic", "negotiate", "refusing")}
        self.basic_url, self.negotiate_url, self.refusing_url = (
            f"http://localhost:{port}" for port in self._ports.values())
        hashed = run([program("openssl", "openssl"), "passwd", "-apr1", self.password])
        users = folder / "proxy-users"
        users.write_text(f"{self.user}:{hashed}")
        hosts = zip(self._ports.values(), (BASIC, NEGOTIATE, REFUSING))
        self.httpd = Httpd(
            "proxies", "".join(HOST.format(port=port, login=login) for port, login in hosts),
            list(self._ports.values()), kdc, [users])

    def requests(self, name):
        """What `basic`, `negotiate` or `refusing` answered; `scheme` is Proxy-Authorization's.

        A tunnel is there when it has ended.
        """
        return self.httpd.arrived(self._ports[name], proxy=True)

    def negotiations(self, prefix=""):
        return negotiations(self.requests("negotiate"), prefix)

    def close(self):
        self.httpd.close()
