"""The server that the agent's tests share: as bad as Livy, or a real one."""

import os

import pytest
from conversation.server import EmbeddedServer, ForeignServer


@pytest.fixture(scope="module")
def server(tmp_path_factory, plain_python):
    url = os.environ.get("LIVYD_TEST_LIVY_URL")
    if url:
        server = ForeignServer(url)
    else:
        server = EmbeddedServer(str(tmp_path_factory.mktemp("agent")), plain_python, "--strict")
    yield server
    server.close()
