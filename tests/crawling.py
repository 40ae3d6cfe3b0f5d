"""A crawler for the whole site: it follows each URL in a page or an API response."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from bs4 import BeautifulSoup
from lxml import etree

from indexer.catalogue.records import Link

HOST = "site.test"
"""The host of the crawled site. A function that fetches a URL sends it, for absolute links."""
ALIKE = 2
"""Maximum number of searches to follow for each parameter of each path."""


NAMES = ("href", "src", "action")
"""The attributes that contain a URL."""

FOREIGN = {"external", "schema.DC", "schema.DCTERMS"}
"""Relations of links to other sites, and of the names of vocabularies."""
DESCRIPTIONS = {"application/xml", "application/atom+xml", "application/opensearchdescription+xml"}
"""Types of XML documents that lead to other URLs: sitemaps, feeds, and descriptions."""


class Fetched(NamedTuple):
    """The status, the content type, and the body of a response."""

    status: int
    kind: str
    body: str


Fetch = Callable[[str], Fetched]


def addresses(fetched: Fetched) -> Iterator[str]:
    """Yield each URL in a response, except links to other sites and other languages."""
    media_type = fetched.kind.partition(";")[0]
    if media_type == "application/json":
        yield from _of_json(json.loads(fetched.body))
    elif media_type == "text/html":
        for tag in BeautifulSoup(fetched.body, "lxml").find_all(True):
            if not tag.has_attr("hreflang") and not FOREIGN & set(tag.get("rel") or ()):
                yield from (str(tag[name]) for name in NAMES if tag.has_attr(name))
    elif media_type in DESCRIPTIONS:
        yield from _of_xml(etree.fromstring(fetched.body.encode()))
    elif media_type == "text/css":
        yield from re.findall(r"url\([\"']?([^)\"']+)", fetched.body)


def _of_xml(root: etree._Element) -> Iterator[str]:
    """Yield each URL in a description, except links to other sites."""
    for element in root.iter():
        name = etree.QName(element).localname
        if name in {"loc", "Image"}:
            yield str(element.text)
        if name == "link" and element.get("rel") != "related":
            yield str(element.get("href"))
        if name == "Url":
            template = str(element.get("template"))
            yield template.replace("{searchTerms}", "organ").replace("{startPage?}", "1")


def _of_json(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _of_json(each)
    elif isinstance(value, dict):
        if "url" in value and value.keys() <= set(Link.__struct_fields__):
            return  # a link to another site
        if "openapi" in value:
            (server,) = value["servers"]
            paths = (path for path in value["paths"] if "{" not in path)
            yield from (f"{server['url'].rstrip('/')}{path}" for path in paths)
            return
        for name, each in value.items():
            if name in {"url", "href"} and each:
                yield str(each)
            yield from _of_json(each)


def crawl(
    fetch: Fetch, start: str, also: tuple[str, ...] = (), most: int = sys.maxsize
) -> dict[str, Fetched]:
    """Return the response of each URL that `start` and `also` lead to, or of the `most` nearest.

    The URLs are paths from the root of the host. A URL of another site raises AssertionError.
    """
    followed: Counter[tuple[str, str]] = Counter()
    seen: dict[str, Fetched] = {}
    left = [start, *also]
    while left and len(seen) < most:
        address = left.pop(0)
        if address in seen:
            continue
        seen[address] = fetch(address)
        for found in addresses(seen[address]):
            target = urlsplit(urljoin(f"http://{HOST}{address}", found))
            assert target.netloc == HOST, f"{address} leads to {found}"
            kinds = {(target.path, name) for name, _ in parse_qsl(target.query)}
            if not kinds or any(followed[each] < ALIKE for each in kinds):
                followed.update(kinds)
                left.append(target._replace(scheme="", netloc="", fragment="").geturl())
    return seen
