"""Test the links of a corpus on the web, and write the results into its folder.

Several hosts are tested at the same time, the links of a host one after another. The body of a
reply is never read. So an endless one costs nothing. The client connects to the IP address that it
has checked. So a second answer of DNS can't lead it into the local network.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import msgspec

from indexer.analysis.cleaning import replace_unprintable
from indexer.catalogue import catalogue_toml, tested_links
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Link, Problem, Publication
from indexer.catalogue.tested_links import LinkResult, LinkStatus
from indexer.errors import HintedError
from indexer.ingest import corpus

Places = Mapping[str, list[Publication]]
"""The publications that have a link, by URL."""


class LinkReport(msgspec.Struct, frozen=True):
    """The results of the links of a corpus, whether this check tested them or an earlier one."""

    counts: Mapping[str, int]
    """The number of links by status, or "not tested"."""
    problems: tuple[Problem, ...]
    """The dead and moved links."""
    unclear: tuple[Problem, ...]
    """The links that may work in a browser."""


def check_links(
    folder: Path,
    client: Client,
    max_age: timedelta,
    progress: Callable[[int, int], object] = lambda done, total: None,
    limits: Limits = LIMITS,
) -> LinkReport:
    """Test the links of a corpus folder that have no result younger than `max_age`.

    `progress` is called with the number of tested links and of all links to test. An interruption
    keeps the results. Raise CatalogueError, ReaderError, NetworkDown, or OSError.
    """
    places = find_links(folder, limits)
    start = datetime.now(UTC) - max_age
    with tested_links.update(folder, places) as recorder:
        results = recorder.results
        waiting = [url for url in places if url not in results or results[url].time <= start]
        done = 0

        def record(result: LinkResult) -> None:
            nonlocal done
            recorder.add(result)
            done += 1
            progress(done, len(waiting))

        progress(0, len(waiting))
        asyncio.run(test_links(waiting, client, record))
    tested = [results[url] for url in places if url in results]
    counts = Counter[str](result.status for result in tested)
    counts["not tested"] = len(places) - len(tested)

    def describe(*states: LinkStatus) -> tuple[Problem, ...]:
        found = (result for result in tested if result.status in states)
        return tuple(chain.from_iterable(_describe(result, places) for result in found))

    return LinkReport(counts, describe("dead", "moved"), describe("unclear"))


def find_links(folder: Path, limits: Limits = LIMITS) -> Places:
    """Return the publications that have a link, by URL. Raise CatalogueError or ReaderError."""
    places: dict[str, list[Publication]] = defaultdict(list)
    catalogue = catalogue_toml.load(folder)
    for publication in corpus.read(folder, catalogue, lambda _: None, limits):
        links = (value for values in publication.values.values() for value in values)
        for url in dict.fromkeys(link.url for link in links if isinstance(link, Link)):
            places[url].append(publication)
    return places


def _describe(result: LinkResult, places: Places) -> Iterator[Problem]:
    what, hint = f"the link {result.url} is dead: {result.reason}", "Replace or remove it"
    if result.status == "moved":
        what, hint = f"the link {result.url} has moved", f"Replace it by {result.target}"
    if result.status == "unclear":
        what = f"the state of the link {result.url} is unclear: {result.reason}"
        hint = "Try it in a browser"
    for publication in places[result.url]:
        file, line = publication.source.file, publication.source.line
        yield Problem(file, line, what, hint, publication.title)


MAX_HOSTS = 8
"""Number of hosts that are tested at the same time."""
MAX_HEAD_BYTES = 65_536
"""Maximum size of the status line and the headers of a reply."""
MAX_REPLIES = 5
"""Maximum number of replies to one request. Those before the last have a status below 200."""
MAX_REDIRECTS = 10
_MAX_TEXT_CHARS = 2000
"""Maximum length of a reason or a new URL, which the server chooses."""
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DEAD = frozenset({404, 410})
_TOO_MANY_REQUESTS = 429
_NO_ROUTE = frozenset({errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH})
_MIN_HOSTS = 3
"""Number of hosts that are hardly all down at the same time."""
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Unreachable(Exception):
    """No connection to the server. The message is the reason."""


class Silent(Unreachable):
    """No sign of a network between here and the server: no name service, no route, or a timeout."""


class NoReply(Exception):
    """A connection, but no valid reply. The message is the reason."""


class NotTestable(Exception):
    """A URL that the client does not request. The message is the reason."""


class NetworkDown(HintedError):
    """The network of this machine is probably down."""

    def __init__(self, message: str) -> None:
        hint = "Check the connection to the internet. No link was counted as dead"
        super().__init__(message, hint)


async def test_links(
    urls: Iterable[str], client: Client, record: Callable[[LinkResult], object]
) -> None:
    """Test links, and record each result.

    A link without a reply is tested again after all others. If it fails again, it is dead. A host
    that replies with 429 is left alone: its other links get no result. Raise NetworkDown if no link
    gave a reply and none of the errors is that of a server, or there are at least three hosts, or
    if the network fails during the test.
    """
    failed: dict[str, Exception] = {}
    replied: list[str] = []

    async def test_all(urls: Iterable[str], errors: dict[str, Exception]) -> int:
        """Test the links of all hosts, and return the number of the hosts."""
        by_host: dict[str | None, list[str]] = defaultdict(list)
        for url in urls:
            by_host[urlsplit(url).hostname].append(url)
        free = asyncio.Semaphore(MAX_HOSTS)

        async def test_host(links: Sequence[str]) -> None:
            async with free:
                for url in links:
                    try:
                        result = await test_link(url, client)
                        replied.append(url)
                    except NotTestable as error:  # shows nothing of the network
                        result = _make(url, "unclear", str(error))
                    except (Unreachable, NoReply) as error:
                        errors[url] = error
                        continue
                    record(result)
                    if result.reason.startswith(str(_TOO_MANY_REQUESTS)):
                        return

        # A host with many links takes longest, so it begins first.
        async with asyncio.TaskGroup() as group:
            for links in sorted(by_host.values(), key=len, reverse=True):
                group.create_task(test_host(links))
        return len(by_host)

    hosts = await test_all(urls, failed)
    is_silent = all(isinstance(error, Silent) for error in failed.values())
    if failed and not replied and (hosts >= _MIN_HOSTS or is_silent):
        raise NetworkDown(f"none of {len(failed)} links gave a reply")
    dead: dict[str, Exception] = {}
    await test_all(failed, dead)
    if replied and any(isinstance(reason, Silent) for reason in dead.values()):
        try:
            await test_link(replied[0], client)
        except (Unreachable, NoReply, NotTestable) as error:
            raise NetworkDown("a link that gave a reply gives none any more") from error
    for url, reason in dead.items():
        record(_make(url, "dead", str(reason)))


async def test_link(url: str, client: Client) -> LinkResult:
    """Return the result of a link.

    Raise Unreachable or NoReply, which may be temporary, and NotTestable if it is not requested.
    """
    place, moved_to, is_permanent = url, "", True
    visited = {url}
    for _ in range(MAX_REDIRECTS + 1):
        try:
            reply = await _ask(place, client)
        except NotTestable as error:
            if place == url:
                raise
            return _make(url, "unclear", str(error))
        if reply.code not in _REDIRECTS or not reply.location:
            reason = replace_unprintable(reply.reason[:_MAX_TEXT_CHARS])
            if 200 <= reply.code < 300:
                return _make(url, "moved" if moved_to else "works", reason, moved_to)
            return _make(url, "dead" if reply.code in _DEAD else "unclear", reason)
        # Headers are in Latin-1. Bytes outside ASCII are escaped.
        location = reply.location.encode("latin-1")[:_MAX_TEXT_CHARS]
        try:
            place = urljoin(place, quote(location, safe=r"!#$%&'()*+,/:;=?@[]~"))
        except ValueError:
            return _make(url, "unclear", "it redirects to an invalid URL")
        is_permanent = is_permanent and reply.code in _PERMANENT
        moved_to = place if is_permanent else moved_to
        if place in visited:
            return _make(url, "unclear", "it redirects in a loop")
        visited.add(place)
    return _make(url, "unclear", f"it redirects more than {MAX_REDIRECTS} times")


def _make(url: str, status: LinkStatus, reason: str, target: str = "") -> LinkResult:
    return LinkResult(url, status, reason, datetime.now(UTC).replace(microsecond=0), target)


async def _ask(url: str, client: Client) -> Reply:
    """Return the reply to HEAD. If the server rejects HEAD, return the reply to GET."""
    try:
        reply = await client.request("HEAD", url)
    except NoReply:
        return await client.request("GET", url)
    if reply.code < 400 or reply.code == _TOO_MANY_REQUESTS:
        return reply
    return await client.request("GET", url)


class Reply(NamedTuple):
    """The status of a reply, such as 404 and "404 Not Found", and the URL of a redirect or ""."""

    code: int
    reason: str
    location: str


class Client:
    """HTTP client that waits `delay` seconds between two requests to a host.

    A request ends after `timeout` seconds. `is_local_allowed`: it also connects to addresses that
    are not on the public internet.
    """

    def __init__(
        self, agent: str, *, delay: float, timeout: float, is_local_allowed: bool = False
    ) -> None:
        self._agent, self._delay, self._timeout = agent, delay, timeout
        self._is_local_allowed = is_local_allowed
        self._next_times: dict[str, float] = {}
        self._tls = ssl.create_default_context()

    async def request(self, method: str, url: str) -> Reply:
        """Return the reply to a request. Raise Unreachable, NoReply, or NotTestable."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").encode("idna").decode("ascii")
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise NotTestable("the URL is invalid") from error
        if not host or not port or parts.scheme not in _PORTS:
            raise NotTestable("the URL is not a web URL")
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next_times.get(host, now))
        self._next_times[host] = turn + self._delay
        await asyncio.sleep(turn - now)
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await self._connect(parts.scheme, host, port)
        except TimeoutError:
            raise Silent("no connection within the time limit") from None
        try:
            async with asyncio.timeout(self._timeout):
                writer.write(_format_request(method, parts, host, port, self._agent))
                return await _read_reply(reader)
        except TimeoutError:
            raise NoReply("no reply within the time limit") from None
        except (OSError, EOFError) as error:
            raise NoReply("the server closed the connection") from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise NoReply("the reply is not HTTP") from error
        finally:
            writer.transport.abort()

    async def _connect(
        self, scheme: str, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Silent("the host does not exist") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not self._is_local_allowed and not all(map(is_public, addresses)):
            raise NotTestable("the host is in a local network")
        tls = self._tls if scheme == "https" else None
        reason = "the host has no address"
        for address in addresses:
            try:
                return await asyncio.open_connection(
                    address,
                    port,
                    limit=MAX_HEAD_BYTES,
                    ssl=tls,
                    server_hostname=host if tls else None,
                )
            except ssl.SSLCertVerificationError as error:
                reason = f"the certificate is invalid: {error.verify_message}"
            except ssl.SSLError:
                reason = "TLS failed"
            except OSError as error:
                if error.errno in _NO_ROUTE:
                    raise Silent("there is no route to the host") from error
                reason = "the connection was refused"
        raise Unreachable(reason)


def is_public(text: str) -> bool:
    """Return whether an IP address, and an IPv4 address in it, is on the public internet."""
    address = ipaddress.ip_address(text)
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    inner = address.sixtofour
    if address in _NAT64:
        inner = ipaddress.IPv4Address(address.packed[-4:])
    return inner is None or inner.is_global


def _format_request(method: str, parts: SplitResult, host: str, port: int, agent: str) -> bytes:
    name = f"[{host}]" if ":" in host else host
    name += "" if port == _PORTS[parts.scheme] else f":{port}"
    # quote() escapes spaces and line breaks, so a URL can't add a header.
    target = quote(parts.path or "/", safe=string.punctuation)
    target += f"?{quote(parts.query, safe=string.punctuation)}" if parts.query else ""
    return (
        f"{method} {target} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {agent}\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


async def _read_reply(reader: asyncio.StreamReader) -> Reply:
    """Read the status and the headers. Raise ValueError if they are not HTTP."""
    for _ in range(MAX_REPLIES):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, _, status = head[0].partition(" ")
        code = int(status[:3])
        if not version.startswith("HTTP/1."):
            raise ValueError(head[0])
        if code >= 200:
            fields = (line.partition(":") for line in head[1:])
            locations = [value.strip() for name, _, value in fields if name.lower() == "location"]
            return Reply(code, status.strip(), locations[0] if locations else "")
    raise ValueError("too many replies")
