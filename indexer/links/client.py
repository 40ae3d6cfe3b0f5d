"""HTTP client for testing links: send one request, and read the head of the reply.

The body is never read. So an endless one costs nothing. The client connects to the IP address that
it has checked. So a second answer of DNS can't lead it into the local network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import string
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

MAX_HEAD_BYTES = 65_536
"""Maximum size of the status line and the headers of a reply."""
MAX_REPLIES = 5
"""Maximum number of replies to one request. Those before the last have a status below 200."""
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Unreachable(Exception):
    """No connection to the server. The message is the reason."""


class NoReply(Exception):
    """A connection, but no valid reply. The message is the reason."""


class NotTestable(Exception):
    """A URL that the client does not request. The message is the reason."""


class Reply(NamedTuple):
    """The status of a reply, such as 404 and "404 Not Found", and the URL of a redirect or ""."""

    code: int
    reason: str
    location: str


class Client:
    """Client that waits `delay` seconds between two requests to a host.

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
        parts, host, port = _split(url)
        await self._wait_turn(host)
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await self._connect(parts.scheme, host, port)
        except TimeoutError:
            raise Unreachable("no connection within the time limit") from None
        try:
            async with asyncio.timeout(self._timeout):
                writer.write(_format_request(method, parts, self._agent))
                return await _read_reply(reader)
        except TimeoutError:
            raise NoReply("no reply within the time limit") from None
        except (OSError, EOFError) as error:
            raise NoReply("the server closed the connection") from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise NoReply("the reply is not HTTP") from error
        finally:
            writer.transport.abort()

    async def _wait_turn(self, host: str) -> None:
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next_times.get(host, now))
        self._next_times[host] = turn + self._delay
        await asyncio.sleep(turn - now)

    async def _connect(
        self, scheme: str, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the first address of a host that accepts a connection."""
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise Unreachable("the host does not exist") from error
        tls = self._tls if scheme == "https" else None
        reason = "the host has no address"
        for address in addresses:
            try:
                return await asyncio.open_connection(
                    address, port, ssl=tls, server_hostname=host if tls else None,
                    limit=MAX_HEAD_BYTES,
                )  # fmt: skip
            except ssl.SSLCertVerificationError as error:
                reason = f"the certificate is invalid: {error.verify_message}"
            except ssl.SSLError:
                reason = "TLS failed"
            except OSError:
                reason = "the connection was refused"
        raise Unreachable(reason)

    async def _resolve(self, host: str, port: int) -> list[str]:
        """Return the IP addresses of a host. Raise NotTestable if one of them is not public."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not self._is_local_allowed and not all(map(is_public, addresses)):
            raise NotTestable("the host is in a local network")
        return addresses


def is_public(text: str) -> bool:
    """Return whether an IP address is on the public internet.

    An IPv6 address that contains an IPv4 address is public if both are.
    """
    address = ipaddress.ip_address(text)
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    inner = address.sixtofour
    if address in _NAT64:
        inner = ipaddress.IPv4Address(address.packed[-4:])
    return inner is None or inner.is_global


def _split(url: str) -> tuple[SplitResult, str, int]:
    """Return the parts of a URL, its host in ASCII, and its port. Raise NotTestable."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise NotTestable("the URL is invalid") from error
    if not host or not port or parts.scheme not in _PORTS:
        raise NotTestable("the URL is not a web URL")
    return parts, host, port


def _format_request(method: str, parts: SplitResult, agent: str) -> bytes:
    _, host, port = _split(parts.geturl())
    name = f"[{host}]" if ":" in host else host
    name += "" if port == _PORTS[parts.scheme] else f":{port}"
    # quote() escapes spaces and line breaks, so a URL can't add a header.
    target = quote(parts.path or "/", safe=string.punctuation)
    target += f"?{quote(parts.query, safe=string.punctuation)}" if parts.query else ""
    lines = [
        f"{method} {target} HTTP/1.1", f"Host: {name}", f"User-Agent: {agent}", "Accept: */*",
        "Connection: close", "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode("ascii")


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
