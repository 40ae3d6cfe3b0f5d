"""Write all hits of a search as CSV, with the JSON API of a running site.

    python all_hits.py trafficking --filter region=Africa --columns title,year,url > hits.csv

It needs only the standard library, and asks for one page of hits after the other.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin
from urllib.request import urlopen

PAGE_SIZE = 100
"""Hits per request. The API returns at most 100."""
BUSY = (429, 503)
"""Statuses that pass. The header Retry-After has the seconds to wait, unless a proxy refused."""


def fetch(url: str, tries: int = 5) -> dict[str, Any]:
    """Return the JSON at a URL. If the site is busy, wait and try again.

    Exit with the message and the hint of the API after another error.
    """
    try:
        with urlopen(url) as response:
            return dict(json.load(response))
    except HTTPError as failed:
        if failed.code not in BUSY or tries == 1:
            sys.exit(describe(failed))
        time.sleep(int(failed.headers.get("Retry-After", 1)))
    except URLError as failed:
        sys.exit(f"{url} can't be reached: {failed.reason}. Is the site running?")
    return fetch(url, tries - 1)


def describe(failed: HTTPError) -> str:
    """Return the message and the hint of the API, or the status that a proxy answered with."""
    try:
        error = json.load(failed)["error"]
    except ValueError:
        return f"{failed.url} can't be read: {failed}"
    return f"{error['message']} {error['hint']}"


def list_hits(site: str, parameters: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield all hits of a search. Exit if the index changes between two pages."""
    page, page_count, generation = 1, 1, None
    while page <= page_count:
        asked = {**parameters, "size": PAGE_SIZE, "page": page}
        found = fetch(urljoin(site, f"api/search?{urlencode(asked, doseq=True)}"))
        if generation not in {None, found["generation"]}:
            sys.exit("The index has changed, so pages may overlap. Run the command again.")
        yield from found["hits"]
        page, page_count, generation = page + 1, found["page_count"], found["generation"]


def format_value(value: object) -> str:
    """Return a value of a hit as the text of a cell. The values of a list are joined."""
    if isinstance(value, list):
        return "; ".join(map(format_value, value))
    if isinstance(value, dict):  # a link
        return str(value["url"])
    return "" if value is None else str(value)


def main() -> None:
    """Write the hits of the search that the arguments describe."""
    parser = argparse.ArgumentParser(description="Write all hits of a search as CSV.")
    parser.add_argument("query")
    parser.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--columns", default="id,title,year,url")
    parser.add_argument("--site", default="http://127.0.0.1:8000/", help="URL, with a slash at end")
    given = parser.parse_args()

    parameters = {"q": [given.query]}
    for each in given.filter:
        name, _, value = each.partition("=")
        parameters.setdefault(name, []).append(value)
    columns = given.columns.split(",")
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for hit in list_hits(given.site, parameters):
        hit["url"] = urljoin(given.site, hit["url"])
        writer.writerow([format_value(hit.get(name)) for name in columns])


if __name__ == "__main__":
    main()
