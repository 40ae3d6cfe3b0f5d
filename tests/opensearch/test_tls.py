"""A cluster with TLS, a user, and a password."""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from opensearchpy import TransportError

from indexer.cluster import connection, load
from indexer.cluster.connection import CA, PASSWORD, USER, ClusterAddress, ClusterError
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.store import StoreUnavailable
from tests.opensearch import tls
from tests.opensearch.cluster import Cluster
from tests.opensearch.tls import Certificate

pytestmark = pytest.mark.thorough

INDEX = "tls-test"
NAME, SECRET, WRONG = "réader", "pässword:1", "wr0ng-password"
CREDENTIALS = {USER: NAME, PASSWORD: SECRET}
LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1"

Connect = Callable[..., ClusterClient]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Certificate:
    return tls.make_certificate(folder, "authority", "keyUsage=critical,keyCertSign")


@pytest.fixture(scope="module")
def port(single_node: Cluster, folder: Path, authority: Certificate) -> Iterator[int]:
    single_node.client.indices.create(index=INDEX)
    certificate = tls.make_certificate(folder, "node", LOCAL, issuer=authority)
    with tls.serve(single_node.nodes[0].url, certificate, NAME, SECRET) as port:
        yield port


def connect(place: str, environment: Mapping[str, str]) -> ClusterClient:
    client = connection.connect(ClusterAddress((f"https://{place}",), INDEX), environment)
    return ClusterClient(client, INDEX)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_right_certificate_and_user_are_accepted(
    host: str, port: int, authority: Certificate
) -> None:
    client = connect(f"{host}:{port}", {**CREDENTIALS, CA: str(authority.file)})
    (response,) = client.msearch([{"size": 0}], Deadline())
    assert response["_shards"]["failed"] == 0


def test_documents_are_sent_over_tls(port: int, authority: Certificate) -> None:
    environment = {**CREDENTIALS, CA: str(authority.file)}
    client = connection.connect(ClusterAddress((f"https://localhost:{port}",), INDEX), environment)
    actions = [(f'{{"index":{{"_id":"{each}"}}}}', f'{{"n":{each}}}') for each in range(2000)]
    load.send(client, INDEX, actions, 3)
    client.indices.refresh(index=INDEX)
    assert client.count(index=INDEX)["count"] == 2000


@pytest.mark.parametrize("authority_name", [None, "other"])
def test_an_unknown_certificate_is_refused(
    authority_name: str | None, port: int, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environment = dict(CREDENTIALS)
    if authority_name:
        environment[CA] = str(tls.make_certificate(folder, authority_name).file)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(
        ClusterError, match=f"not secure.*self-signed.*{CA}|local issuer.*{CA}"
    ) as caught:
        connect(f"localhost:{port}", environment).check()
    assert SECRET not in str(caught.value) + caplog.text


def test_the_certificate_of_another_host_is_refused(
    single_node: Cluster, folder: Path, authority: Certificate
) -> None:
    certificate = tls.make_certificate(
        folder, "elsewhere", "subjectAltName=DNS:elsewhere.example.org", issuer=authority
    )
    environment = {**CREDENTIALS, CA: str(authority.file)}
    with tls.serve(single_node.nodes[0].url, certificate, NAME, SECRET) as port:
        for host in ("localhost", "127.0.0.1"):
            with pytest.raises(ClusterError, match=f"not secure.*{host}.*Use a host"):
                connect(f"{host}:{port}", environment).check()


@pytest.mark.parametrize("credentials", [{USER: NAME, PASSWORD: WRONG}, {}])
def test_a_wrong_password_is_refused(
    credentials: Mapping[str, str],
    port: int,
    authority: Certificate,
    caplog: pytest.LogCaptureFixture,
) -> None:
    environment = {**credentials, CA: str(authority.file)}
    caplog.set_level(logging.DEBUG)
    client = connect(f"localhost:{port}", environment)
    with pytest.raises(ClusterError, match=f"{INDEX}.*401.*{USER} and {PASSWORD}") as caught:
        client.check()
    assert WRONG not in str(caught.value) + caplog.text


def test_a_node_with_tls_does_not_answer_without(port: int) -> None:
    client = connection.connect(ClusterAddress((f"http://localhost:{port}",), INDEX), {})
    with pytest.raises(TransportError):
        client.info()
    with pytest.raises(StoreUnavailable):
        ClusterClient(client, INDEX).check()
