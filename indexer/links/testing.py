"""Test one link: ask for it, follow its redirects, and judge the reply."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote, urljoin

from indexer.analysis.cleaning import replace_unprintable
from indexer.catalogue.tested_links import LinkResult, LinkStatus
from indexer.links.client import Client, NoReply, NotTestable, Reply, Unreachable

MAX_REDIRECTS = 10
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DEAD = frozenset({404, 410})
_MAX_TEXT_CHARS = 2000
"""Maximum length of a reason or a new URL, which the server chooses."""


async def test_link(url: str, client: Client) -> LinkResult:
    """Return the result of a link. Raise Unreachable or NoReply, which may be temporary."""
    place, moved_to, is_permanent = url, "", True
    visited = {url}
    for _ in range(MAX_REDIRECTS + 1):
        try:
            reply = await _ask(place, client)
        except NotTestable as error:
            return _make(url, "unclear", str(error))
        if reply.code not in _REDIRECTS or not reply.location:
            return _judge(url, reply, moved_to)
        try:
            place = urljoin(place, _encode(reply.location))
        except ValueError:
            return _make(url, "unclear", "it redirects to an invalid URL")
        is_permanent = is_permanent and reply.code in _PERMANENT
        moved_to = place if is_permanent else moved_to
        if place in visited:
            return _make(url, "unclear", "it redirects in a loop")
        visited.add(place)
    return _make(url, "unclear", f"it redirects more than {MAX_REDIRECTS} times")


async def _ask(url: str, client: Client) -> Reply:
    """Return the reply to HEAD. If the server rejects HEAD, return the reply to GET."""
    try:
        reply = await client.request("HEAD", url)
    except NoReply:
        return await client.request("GET", url)
    if reply.code < 400 or reply.code == HTTPStatus.TOO_MANY_REQUESTS:
        return reply
    return await client.request("GET", url)


def _encode(location: str) -> str:
    """Return the URL of a redirect with bytes outside ASCII escaped. Headers are in Latin-1."""
    return quote(location.encode("latin-1")[:_MAX_TEXT_CHARS], safe=r"!#$%&'()*+,/:;=?@[]~")


def _judge(url: str, reply: Reply, moved_to: str) -> LinkResult:
    reason = replace_unprintable(reply.reason[:_MAX_TEXT_CHARS])
    if 200 <= reply.code < 300:
        return _make(url, "moved" if moved_to else "works", reason, moved_to)
    return _make(url, "dead" if reply.code in _DEAD else "unclear", reason)


def make_dead(url: str, error: Unreachable | NoReply) -> LinkResult:
    """Return the result of a link that repeatedly gave no reply."""
    return _make(url, "dead", str(error))


def _make(url: str, status: LinkStatus, reason: str, target: str = "") -> LinkResult:
    return LinkResult(url, status, reason, datetime.now(UTC).replace(microsecond=0), target)
