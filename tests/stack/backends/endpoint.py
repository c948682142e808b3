"""The embedded endpoint as a Livy behind gateways, which know nothing of its token: a tap adds it."""
import pathlib
import sys

from .tap import Tap

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "contract"))

from conversation.server import EmbeddedServer  # noqa: E402


class Endpoint:
    """`url` needs no credentials, `direct_url` wants `token` as Bearer. Sessions run in `python`."""

    def __init__(self, folder, python, *arguments):
        self._server = EmbeddedServer(str(folder), python, *arguments)
        self.direct_url, self.token = self._server.url, self._server.token
        self.direct_port = int(self.direct_url.rsplit(":", 1)[1].rstrip("/"))
        self._tap = Tap(self.direct_port, bearer=self.token)
        self.port, self.url = self._tap.port, self._tap.url

    @property
    def requests(self):
        """What the gateways passed on."""
        return self._tap.requests

    @property
    def secrets(self):
        """Tokens and cookies that the gateways passed on."""
        return self._tap.secrets

    def held(self):
        """A with block in which no answer leaves: what comes through `url` waits for it."""
        return self._tap.held()

    def close(self):
        self._tap.close()
        self._server.close()
