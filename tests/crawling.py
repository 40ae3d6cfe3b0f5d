"""A walk over the whole site: each address that a page or an answer of the API has is followed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from bs4 import BeautifulSoup

from indexer.catalogue.records import Link

ALIKE = 2
"""The number of searches that are followed for each parameter of each path."""


NAMES = ("href", "src", "action")
"""The attributes that hold an address."""


class Fetched(NamedTuple):
    """The status, the content type, and the body of an answer."""

    status: int
    kind: str
    body: str


Fetch = Callable[[str], Fetched]


def addresses(fetched: Fetched) -> Iterator[str]:
    """Yield each address in an answer, except links to other sites that are marked as such."""
    if "json" in fetched.kind:
        yield from _of_json(json.loads(fetched.body))
    elif "html" in fetched.kind:
        for tag in BeautifulSoup(fetched.body, "lxml").find_all(True):
            if "external" not in (tag.get("rel") or ()):
                yield from (str(tag[name]) for name in NAMES if tag.has_attr(name))
    elif "css" in fetched.kind:
        yield from re.findall(r"url\([\"']?([^)\"']+)", fetched.body)


def _of_json(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _of_json(each)
    elif isinstance(value, dict):
        if "url" in value and value.keys() <= set(Link.__struct_fields__):
            return  # it leads to another site
        if "openapi" in value:
            (server,) = value["servers"]
            paths = (path for path in value["paths"] if "{" not in path)
            yield from (f"{server['url'].rstrip('/')}{path}" for path in paths)
            return
        for name, each in value.items():
            if name in {"url", "href"} and each:
                yield str(each)
            yield from _of_json(each)


def crawl(fetch: Fetch, start: str, also: tuple[str, ...] = ()) -> dict[str, Fetched]:
    """Return the answer of each address that `start` and `also` lead to.

    Addresses are full paths. An address of another site raises AssertionError.
    """
    followed: Counter[tuple[str, str]] = Counter()
    seen: dict[str, Fetched] = {}
    left = [start, *also]
    while left:
        address = left.pop(0)
        if address in seen:
            continue
        seen[address] = fetch(address)
        for found in addresses(seen[address]):
            target = urlsplit(urljoin(f"http://site.test{address}", found))
            assert target.netloc == "site.test", f"{address} leads to {found}"
            kinds = {(target.path, name) for name, _ in parse_qsl(target.query)}
            if not kinds or any(followed[each] < ALIKE for each in kinds):
                followed.update(kinds)
                left.append(target._replace(scheme="", netloc="", fragment="").geturl())
    return seen
