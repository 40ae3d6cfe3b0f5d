"""Test many links: several hosts at the same time, and the links of a host one after another."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from indexer.catalogue.tested_links import LinkResult
from indexer.links.client import Client, NoReply, Unreachable
from indexer.links.testing import make_dead, test_link

MAX_HOSTS = 8
"""Number of hosts that are tested at the same time."""


class NetworkDown(Exception):
    """No link gave any reply, so the network of this machine is probably down."""

    def __init__(self, count: int) -> None:
        message = f"none of {count} links gave a reply. Check the connection to the internet"
        super().__init__(f"{message}. No link was counted as dead")


async def test_links(
    urls: Iterable[str], client: Client, record: Callable[[LinkResult], object]
) -> None:
    """Test links, and record each result.

    A link without a reply is tested again after all others. If it fails again, it is dead. A host
    that replies with 429 is left alone: its other links get no result. Raise NetworkDown if no link
    of at least three hosts gave a reply.
    """
    run = _Run(client, record)
    hosts = await run.test_all(urls)
    if run.failed and not run.replies and hosts >= 3:
        raise NetworkDown(len(run.failed))
    again, run.is_last = list(run.failed), True
    await run.test_all(again)


class _Run:
    """The state of a run: the links without a reply, and the number of replies."""

    def __init__(self, client: Client, record: Callable[[LinkResult], object]) -> None:
        self._client, self._record = client, record
        self.failed: list[str] = []
        self.replies, self.is_last = 0, False

    async def test_all(self, urls: Iterable[str]) -> int:
        """Test links. Return the number of their hosts."""
        by_host: dict[str, list[str]] = defaultdict(list)
        for url in urls:
            by_host[urlsplit(url).hostname or ""].append(url)
        free = asyncio.Semaphore(MAX_HOSTS)

        async def test_host(links: list[str]) -> None:
            async with free:
                await self._test_in_turn(links)

        # A host with many links takes longest, so it begins first.
        async with asyncio.TaskGroup() as group:
            for links in sorted(by_host.values(), key=len, reverse=True):
                group.create_task(test_host(links))
        return len(by_host)

    async def _test_in_turn(self, links: list[str]) -> None:
        for url in links:
            try:
                result = await test_link(url, self._client)
            except (Unreachable, NoReply) as error:
                if self.is_last:
                    self._record(make_dead(url, error))
                else:
                    self.failed.append(url)
                continue
            self.replies += 1
            self._record(result)
            if result.reason.startswith("429"):
                return
