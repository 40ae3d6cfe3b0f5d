"""Testing links, against a server on this machine."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.catalogue.tested_links import LinkResult
from indexer.jobs import link_check
from indexer.jobs.link_check import (
    Client,
    NetworkDown,
    NoReply,
    Reply,
    Silent,
    Unreachable,
    is_public,
)
from tests.indexer.jobs import servers
from tests.indexer.jobs.servers import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with servers.serve() as running:
        yield running


def make_client(*, delay: float = 0, timeout: float = 10) -> Client:
    return Client("tester", delay=delay, timeout=timeout, is_local_allowed=True)


def check(url: str, client: Client | None = None) -> LinkResult:
    return asyncio.run(link_check.test_link(url, client or make_client()))


def run(urls: list[str], client: Client | None = None) -> dict[str, LinkResult]:
    results: dict[str, LinkResult] = {}

    def record(result: LinkResult) -> None:
        results[result.url] = result

    asyncio.run(link_check.test_links(urls, client or make_client(), record))
    return results


def find_closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/fine", "works", "200 OK"),
        ("/path with (odd) ünicode?q=ä&b=%20", "works", "200 OK"),
        ("/early", "works", "200 OK"),
        ("/no-head", "works", "200 OK"),
        ("/head-closes", "works", "200 OK"),
        ("/endless", "works", "200 OK"),
        ("/see", "works", "200 OK"),
        ("/see-then-moved", "works", "200 OK"),
        ("/missing", "dead", "404 Not Found"),
        ("/gone", "dead", "410 Gone"),
        ("/moved-away", "dead", "410 Gone"),
        ("/forbidden", "unclear", "403 Forbidden"),
        ("/busy", "unclear", "429 Too Many Requests"),
        ("/broken", "unclear", "503 Service Unavailable"),
        ("/loop", "unclear", "it redirects in a loop"),
        ("/chain/0", "unclear", "it redirects more than 10 times"),
        ("/to-file", "unclear", "the URL is not a web URL"),
    ],
)
def test_status_of_a_link(path: str, status: str, reason: str, server: Server) -> None:
    result = check(server.url + path)
    assert (result.status, result.reason, result.target) == (status, reason, "")


@pytest.mark.parametrize(
    ("path", "target"),
    [("/moved", "/fine"), ("/moved-twice", "/fine"), ("/to-bytes", "/caf%C3%A9")],
)
def test_moved_link(path: str, target: str, server: Server) -> None:
    result = check(server.url + path)
    assert (result.status, result.target) == ("moved", server.url + target)


@pytest.mark.parametrize("path", ["/silent", "/closes", "/not-http", "/long-head"])
@pytest.mark.slow
def test_link_without_a_valid_reply(path: str, server: Server) -> None:
    with pytest.raises(NoReply):
        check(server.url + path, make_client(timeout=0.5))


def test_link_to_a_closed_port() -> None:
    with pytest.raises(Unreachable, match="refused"):
        check(f"http://127.0.0.1:{find_closed_port()}/")


def test_link_to_an_unknown_host() -> None:
    with pytest.raises(Unreachable, match="the host does not exist"):
        check("http://nowhere.invalid/")


@pytest.mark.slow
def test_link_with_an_invalid_certificate(server: Server, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with pytest.raises(Unreachable, match="the certificate is invalid: self-signed certificate"):
        check(server.url.replace("http", "https"))


def test_link_with_tls_to_a_server_without(server: Server) -> None:
    with pytest.raises(Unreachable, match="TLS failed"):
        check(server.url.replace("http", "https"))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/fine", "http://localhost:{port}/fine", "http://[::1]:{port}/"]
)
def test_local_network_is_not_contacted(url: str, server: Server) -> None:
    client = Client("tester", delay=0, timeout=5)
    (result,) = run([url.format(port=server.server_port)], client).values()
    assert (result.status, result.reason) == ("unclear", "the host is in a local network")
    assert server.requests == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07::1", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False),
        ("::1", False), ("fe80::1", False), ("fd00::1", False), ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False), ("64:ff9b::10.0.0.1", False), ("64:ff9b::93.184.215.14", True),
    ],
)  # fmt: skip
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(address) == expected


def test_requests_name_the_program(server: Server) -> None:
    check(f"{server.url}/fine?a=b#part")
    assert server.requests == [("HEAD", "/fine?a=b")]
    assert server.agents == {"tester"}


@pytest.mark.slow
def test_delay_between_requests_to_a_host(server: Server) -> None:
    run([f"{server.url}/moved", f"{server.url}/no-head"], make_client(delay=0.5))
    pauses = [
        later - earlier for earlier, later in zip(server.times[:-1], server.times[1:], strict=True)
    ]
    assert len(pauses) == 3
    assert sum(pauses) > 0.75  # 1.5 s, less what the server took to note the first request


def test_link_without_reply_is_dead_after_two_tests(server: Server) -> None:
    results = run([f"{server.url}/closes", f"{server.url}/fine"])
    assert [path for _, path in server.requests] == ["/closes", "/closes", "/fine"] + 2 * [
        "/closes"
    ]
    assert results[f"{server.url}/closes"].status == "dead"
    assert results[f"{server.url}/closes"].reason == "the server closed the connection"


def test_host_that_limits_its_rate(server: Server) -> None:
    """After a reply with status 429, the other links of the host are not tested."""
    results = run([f"{server.url}/busy", f"{server.url}/fine"])
    assert {url: result.status for url, result in results.items()} == {
        f"{server.url}/busy": "unclear"
    }


def test_network_that_is_down() -> None:
    """If no link of three hosts gives a reply, none is dead: the network may be down."""
    port = find_closed_port()
    urls = [f"http://127.0.0.{number}:{port}/" for number in (1, 2, 3)]
    with pytest.raises(link_check.NetworkDown, match="none of 3 links gave a reply"):
        run(urls)


FINE = Reply(200, "200 OK", "")
REFUSED = Unreachable("the connection was refused")


class Network(Client):
    """A network on which hosts reply in a given way, and others do not exist."""

    def __init__(self, replies: dict[str, list[Reply | Exception]]) -> None:
        super().__init__("tester", delay=0, timeout=1)
        self.replies = {host: list(listed) for host, listed in replies.items()}

    async def request(self, method: str, url: str) -> Reply:
        listed = self.replies.get(url.split("/")[2], [Silent("the host does not exist")])
        reply = listed.pop(0) if len(listed) > 1 else listed[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.mark.parametrize(
    ("hosts", "replies", "message"),
    [
        ("a", {}, "none of 1 links gave a reply"),
        ("ab", {"b": [Silent("no connection within the time limit")]}, "none of 2 links"),
        # A link that is not requested shows nothing of the network.
        (
            "ab",
            {"b": [link_check.NotTestable("the host is in a local network")]},
            "none of 1 links",
        ),
        ("abc", {"a": [REFUSED], "b": [NoReply("closed")]}, "none of 3 links"),
        ("ab", {"a": [FINE, Silent("no route")]}, "a link that gave a reply gives none any more"),
        (
            "ab",
            {"a": [FINE, link_check.NotTestable("the host is in a local network")]},
            "a link that gave a reply gives none any more",
        ),
    ],
)
def test_a_network_without_replies_makes_no_link_dead(
    hosts: str, replies: dict[str, list[Reply | Exception]], message: str
) -> None:
    results: list[LinkResult] = []
    urls = [f"http://{host}/" for host in hosts]
    with pytest.raises(NetworkDown, match=message):
        asyncio.run(link_check.test_links(urls, Network(replies), results.append))
    assert {result.status for result in results} <= {"works", "unclear"}


@pytest.mark.parametrize(
    ("replies", "statuses"),
    [
        ({"a": [REFUSED]}, {"a": "dead"}),
        ({"a": [FINE], "b": [REFUSED]}, {"a": "works", "b": "dead", "c": "dead"}),
        (
            {host: [Reply(301, "301 Moved", "http://a/x"), FINE] for host in "bc"} | {"a": [FINE]},
            {"a": "works", "b": "moved", "c": "moved"},
        ),
    ],
)
def test_a_host_without_a_reply_is_dead_if_others_reply(
    replies: dict[str, list[Reply | Exception]], statuses: dict[str, str]
) -> None:
    results: list[LinkResult] = []
    urls = [f"http://{host}/" for host in statuses]
    asyncio.run(link_check.test_links(urls, Network(replies), results.append))
    assert {result.url[7:8]: result.status for result in results} == statuses
