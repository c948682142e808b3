"""The server that the agent's tests share: as bad as Livy, or a real one."""

import pytest
from conversation.server import LIVY_URL, EmbeddedServer, ForeignServer


@pytest.fixture(scope="module")
def server(tmp_path_factory, plain_python):
    if LIVY_URL:
        server = ForeignServer(LIVY_URL)
    else:
        server = EmbeddedServer(str(tmp_path_factory.mktemp("agent")), plain_python, "--strict")
    yield server
    server.close()
