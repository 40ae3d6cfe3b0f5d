"""Each failure of a request names what is wrong, and the setting to change."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from opensearchpy.exceptions import OpenSearchException

from indexer.cluster import connection
from indexer.cluster.connection import CA, PASSWORD, USER, ClusterAddress, ClusterError
from indexer.cluster.errors import MAX_CHARS, explain, translate_errors
from tests.indexer.cluster.servers import serve
from tests.opensearch import tls
from tests.opensearch.tls import Certificate

LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1"
BLOCK = "cluster_block_exception"


def fail(url: str, environment: dict[str, str] | None = None, **options: object) -> str:
    client = connection.connect(ClusterAddress((url,), "catalogue"), environment or {})
    with pytest.raises(ClusterError) as caught, translate_errors("the list can't be read"):
        client.info(**options)
    text = str(caught.value)
    assert text.startswith("the list can't be read: ")
    assert url.rpartition(":")[2] not in text
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Certificate:
    return tls.make_certificate(folder, "node", LOCAL)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    text = fail(f"http://127.0.0.1:{port}")
    assert "the connection was refused. Check that a node runs at the host and the port" in text


def test_the_host_is_not_known() -> None:
    text = fail("http://nowhere.invalid:9200")
    assert "the name of the host is not known. Check the hosts in the URL of the index" in text


def test_a_server_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = fail(f"http://127.0.0.1:{server.getsockname()[1]}", request_timeout=0.2)
    assert "no response in time. Check that the nodes run, their load, and the network" in text


def respond(server: socket.socket, content: bytes) -> Callable[[], None]:
    def run() -> None:
        while True:
            try:
                accepted, _ = server.accept()
            except OSError:
                return
            with accepted:
                accepted.recv(10_000)
                accepted.sendall(content)

    thread = Thread(target=run, daemon=True)
    thread.start()

    def end() -> None:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()

    return end


@pytest.mark.parametrize("content", [b"", b"\x15\x03\x03\x00\x02\x02\x46"])
def test_a_server_with_tls_is_asked_without(content: bytes) -> None:
    """A server that closes the connection, or sends an alert of TLS, may expect TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = respond(server, content)
        text = fail(f"http://127.0.0.1:{server.getsockname()[1]}")
        end()
    assert "use opensearch+https in the URL of the index" in text


def test_a_proxy_with_tls_is_asked_without() -> None:
    """A proxy that knows HTTP on its port for HTTPS says so."""
    page = "<title>400 The plain HTTP request was sent to HTTPS port</title>"
    with serve(400, "text/html", page) as client, pytest.raises(OpenSearchException) as caught:
        client.info()
    assert explain(caught.value) == (
        "the server expects TLS", "Use opensearch+https in the URL of the index",
    )  # fmt: skip


def test_a_server_without_tls_is_asked_with_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = respond(server, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        text = fail(f"https://127.0.0.1:{server.getsockname()[1]}")
        end()
    assert "the server does not use TLS. Use opensearch+http in the URL of the index" in text


def test_a_certificate_of_an_unknown_authority(certificate: Certificate) -> None:
    with tls.serve("http://127.0.0.1:9", certificate, "reader", "secret") as port:
        text = fail(f"https://localhost:{port}")
    assert "the certificate of the node is not valid: self-signed certificate. Set " in text
    assert CA in text


def test_a_certificate_of_another_host(folder: Path) -> None:
    other = tls.make_certificate(folder, "other", "subjectAltName=DNS:other.example.org")
    with tls.serve("http://127.0.0.1:9", other, "reader", "secret") as port:
        for host in ("localhost", "127.0.0.1"):
            text = fail(f"https://{host}:{port}", {CA: str(other.file)})
            assert "mismatch" in text
            assert "Use a host in the URL of the index that the certificate names" in text


@pytest.mark.parametrize("environment", [{}, {USER: "reader", PASSWORD: "wrong"}])
def test_a_wrong_user(environment: dict[str, str], certificate: Certificate) -> None:
    with tls.serve("http://127.0.0.1:9", certificate, "reader", "secret") as port:
        text = fail(f"https://localhost:{port}", {CA: str(certificate.file), **environment})
    assert f"status 401, and no reason of OpenSearch: Unauthorized. Set {USER} and " in text
    assert "wrong" not in text


@pytest.mark.parametrize(
    ("status", "kind", "reason", "hint"),
    [
        (403, "security_exception", "no permissions for [indices:admin/get]", "roles of the user"),
        (403, BLOCK, "blocked by: [FORBIDDEN/10/cluster create-index blocked (api)]", "disk space"),
        (429, BLOCK, "[disk usage exceeded flood-stage watermark]", "disk space"),
        (500, "i_o_exception", "No space left on device", "disk space"),
        (429, "circuit_breaking_exception", "Data too large", "busy"),
        (400, "illegal_argument_exception", "cannot execute [inline] scripts", "allowed_types"),
        (503, "no_shard_available_action_exception", "null", "nodes of the cluster run"),
    ],
)
def test_a_node_has_a_reason(status: int, kind: str, reason: str, hint: str) -> None:
    """The reason of a node is repeated, with a hint for it."""
    error = {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}]}
    body = json.dumps({"error": error, "status": status})
    with serve(status, "application/json", body) as client:
        with pytest.raises(OpenSearchException) as caught:
            client.info()
        failure = explain(caught.value)
    assert reason in failure.reason
    assert hint in failure.hint


@pytest.mark.parametrize("status", [200, 404, 502])
def test_another_server_answers_with_a_page(status: int) -> None:
    with serve(status, "text/html", "<p>Welcome</p>" * 1000) as client:
        with pytest.raises(OpenSearchException) as caught:
            client.info()
        failure = explain(caught.value)
    assert "of OpenSearch" in failure.reason
    assert len(failure.reason) < MAX_CHARS + 60
    assert "the host and the port in the URL of the index, and any proxy" in failure.hint
