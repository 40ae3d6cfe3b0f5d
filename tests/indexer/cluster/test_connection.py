"""The URL of an index in a cluster, and the settings of its client."""

import gc
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase, digits
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy import OpenSearch, TransportError

from indexer.cluster import connection
from indexer.cluster.connection import (
    CA,
    OTHERS,
    PASSWORD,
    USER,
    AddressError,
    ClusterAddress,
    ClusterError,
    parse_address,
)

SECRET = "t0p-secret"
CREDENTIALS = {USER: "reader", PASSWORD: SECRET}
LETTERS = ascii_lowercase + digits
HOSTS = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map("[{}]".format),
)
PLACES = st.builds("{}:{}".format, HOSTS, st.integers(1, 65535))
NAMES = st.builds(
    "{}{}".format, st.sampled_from(LETTERS), st.text(LETTERS + "._-", max_size=127)
).filter(lambda name: not name.endswith(OTHERS))


def authorization(client: OpenSearch) -> str:
    ((made, _),) = client.transport.connection_pool.connection_opts
    return str(made.headers.get("authorization", ""))


def connect(text: str, environment: Mapping[str, str]) -> OpenSearch:
    address = parse_address(text)
    assert address
    return connection.connect(address, environment)


@pytest.mark.parametrize(
    "text", ["index", "/srv/index", "", "./http:/host", "C:/index", "a:b", "in dex/x://y", "../x:1"]
)
def test_a_path_is_no_address(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "https://host/name", "http://127.0.0.1:9200/name", "http:/host/name",
        "opensearch://host/name", "elasticsearch+https://host/name", "file:///srv/index",
        "OpenSearch+HTTPS://host/name", "localhost:9200/name", "search.example.org:9200",
    ],
)  # fmt: skip
def test_another_url_is_no_path(text: str) -> None:
    with pytest.raises(AddressError, match=r"Use a URL such as opensearch\+https://.*\./index"):
        parse_address(text)


@given(st.sampled_from(["http", "https"]), st.lists(PLACES, min_size=1, max_size=4), NAMES)
def test_an_address_is_written_as_it_is_read(scheme: str, places: list[str], name: str) -> None:
    text = f"opensearch+{scheme}://{','.join(places)}/{name}"
    address = parse_address(text)
    assert address == ClusterAddress(tuple(f"{scheme}://{place}" for place in places), name)
    assert str(address) == text


def test_the_default_port_is_that_of_opensearch() -> None:
    """A host without a port has the port 9200, and a host is in lower case."""
    address = parse_address("opensearch+https://A.example.org,b:443/papers")
    assert address == ClusterAddress(("https://a.example.org:9200", "https://b:443"), "papers")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("opensearch+ftp://host/name", "scheme 'ftp'"),
        ("opensearch+host/name", "scheme 'host/name'"),
        ("opensearch+https:///name", "'' .* not a host"),
        ("opensearch+https://a,,b/name", "'' .* not a host"),
        ("opensearch+https://a b/name", "'a b' .* not a host"),
        ("opensearch+https://host:0/name", "'host:0' .* not a host"),
        ("opensearch+https://host:65536/name", "'host:65536' .* not a host"),
        ("opensearch+https://host:x/name", "'host:x' .* not a host"),
        ("opensearch+https://[::1/name", "not a host"),
        ("opensearch+https://[::g]/name", "not a host"),
        ("opensearch+https://[10.0.0.1]:9200/name", "not a host"),
        ("opensearch+https://host", "'' .* not a name"),
        ("opensearch+https://host/", "'' .* not a name"),
        ("opensearch+https://host/Name", "'Name' .* lower-case"),
        ("opensearch+https://host/_name", "'_name' .* not a name"),
        ("opensearch+https://host/.name", "'.name' .* not a name"),
        ("opensearch+https://host/a/b", "'a/b' .* not a name"),
        ("opensearch+https://host/a*", r"'a\*' .* not a name"),
        ("opensearch+https://host/name\n", "not a name"),
        (f"opensearch+https://host/{'n' * 129}", "128 lower-case"),
        ("opensearch+https://host/name?x=1", r"not a name"),
        ("opensearch+https://host/name#x", r"not a name"),
    ],
)
def test_a_wrong_address_is_explained(text: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        f"https://reader:{SECRET}@host/name",
        f"opensearch+https://reader:{SECRET}@host/name",
        f"opensearch+https://reader:{SECRET}@[host/name",
        f"opensearch+https://reader:{SECRET}@h\u2100st/name",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(AddressError, match=f"{USER} and {PASSWORD}") as caught:
        parse_address(text)
    assert SECRET not in str(caught.value)


def test_the_user_and_the_password_come_from_the_environment() -> None:
    client = connect("opensearch+https://far/name", {USER: "rené", PASSWORD: "日本:!"})
    assert authorization(client) == "Basic cmVuw6k65pel5pysOiE="
    assert not authorization(connect("opensearch+https://far/name", {USER: "", PASSWORD: ""}))


@pytest.mark.parametrize(
    "environment", [{USER: "reader"}, {PASSWORD: SECRET}, {USER: "a:b", PASSWORD: SECRET}]
)
def test_half_a_user_is_refused(environment: Mapping[str, str]) -> None:
    with pytest.raises(ClusterError, match=USER) as caught:
        connect("opensearch+https://far/name", environment)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3:1", "localhost", "[::1]:9200"])
def test_a_password_may_be_sent_to_this_machine(host: str) -> None:
    assert authorization(connect(f"opensearch+http://{host}/name", CREDENTIALS))


@pytest.mark.parametrize("hosts", ["far", "localhost,far", "10.0.0.1", "localhost.example.org"])
def test_a_password_is_not_sent_over_a_network_without_encryption(hosts: str) -> None:
    with pytest.raises(ClusterError, match=r"Use opensearch\+https") as caught:
        connect(f"opensearch+http://{hosts}/name", CREDENTIALS)
    assert SECRET not in str(caught.value)
    assert not connect(f"opensearch+http://{hosts}/name", {}).transport.kwargs["http_auth"]


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_missing_or_wrong_file_of_certificates_is_named(
    content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ClusterError, match=f"{file} can't be read.*{CA}"):
        connect("opensearch+https://far/name", {CA: str(file)})


def test_a_missing_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['opensearchpy'] = None\n"
        "from indexer.cluster.connection import connect, parse_address\n"
        "connect(parse_address('opensearch+http://localhost/name'))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "make environment-opensearch" in ended.stderr.splitlines()[-1]


def test_a_failed_request_is_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = connect(f"opensearch+http://127.0.0.1:{port}/name", CREDENTIALS)
    with pytest.raises(TransportError, match="refused") as caught:
        client.info()
    assert "GET http://127.0.0.1" in caplog.text
    assert "Traceback" not in caplog.text
    assert SECRET not in caplog.text + str(caught.value)


def test_a_forked_process_has_connections_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = (
            "import os\n"
            "from indexer.cluster.connection import connect, parse_address\n"
            f"client = connect(parse_address('opensearch+http://127.0.0.1:{port}/name'), {{}})\n"
            "client.info()\n"
            "(connection, _), = client.transport.connection_pool.connection_opts\n"
            "if child := os.fork():\n"
            "    assert os.waitpid(child, 0)[1] == 0\n"
            "    assert connection.pool.pool.queue[-1].sock\n"
            "else:\n"
            "    os._exit(connection.pool is not None)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
        accepted, _ = server.accept()
        with accepted:
            accepted.recv(10_000)
            accepted.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            )
            _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors.decode()


def test_a_client_that_is_not_used_any_more_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that connects often, such as `pubsearch watch`, keeps nothing of old clients."""
    monkeypatch.setattr(os, "register_at_fork", lambda **_: pytest.fail("it is never undone"))
    client = ref(connect("opensearch+http://127.0.0.1/catalogue", {}))
    gc.collect()
    assert client() is None


def test_requests_that_succeed_are_not_logged() -> None:
    """A server asks for the live generation every second, so a log of all requests is useless."""
    connect("opensearch+http://127.0.0.1/catalogue", {})
    assert not logging.getLogger("opensearch").isEnabledFor(logging.INFO)


@pytest.mark.parametrize("name", ["books-builds", "books-files"])
def test_a_name_of_another_purpose_is_refused(name: str) -> None:
    """The catalogue `books` has aliases and indexes with these names."""
    with pytest.raises(AddressError, match="ends like an index of another purpose"):
        parse_address(f"opensearch+http://127.0.0.1/{name}")
