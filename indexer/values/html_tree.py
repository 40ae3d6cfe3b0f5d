"""The tree of a web page, made in a time that is linear in the size of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lxml import etree

MAX_ATTRIBUTES = 1_000
"""Limit on the attributes of a tag. lxml passes all others to add one: 120,000 take 90 s."""
REMOVE_THEM = "Remove them, or save the page again"
"""The hint of a problem with too many attributes."""


class PageTooLarge(ValueError):
    """A page has too many tags, or a tag has too many attributes.

    The message is a clause such as "the page has more than 10 tags and attributes". `is_setting`:
    the limit is the one that was passed.
    """

    def __init__(self, message: str, *, is_setting: bool) -> None:
        super().__init__(message)
        self.is_setting = is_setting


class _Counter:
    """Parser target that raises PageTooLarge."""

    def __init__(self, most_parts: float) -> None:
        self._most = self._left = most_parts

    def start(self, _: str, attributes: Mapping[str, str]) -> None:
        """Count a start tag and its attributes."""
        self._left -= 1 + len(attributes)
        if len(attributes) > MAX_ATTRIBUTES:
            message = f"a tag of the page has more than {MAX_ATTRIBUTES} attributes"
            raise PageTooLarge(message, is_setting=False)
        if self._left < 0:
            message = f"the page has more than {self._most} tags and attributes"
            raise PageTooLarge(message, is_setting=True)

    def close(self) -> None:
        """Handle the end of the page."""


def parse_html(text: str, most_parts: float = math.inf) -> etree._Element:
    """Return the root of a page. A page without elements has an empty root.

    Comments and processing instructions are left out. `most_parts` limits tags and attributes.
    Raise PageTooLarge, or MemoryError.
    """
    data = text.replace("\0", "").encode("utf-8", "replace")
    try:
        target = _Counter(most_parts)
        etree.fromstring(data, etree.HTMLParser(target=target, encoding="utf-8", no_network=True))
        parser = etree.HTMLParser(
            encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True,
            remove_pis=True,
        )  # fmt: skip
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        root = None
    return etree.Element("html") if root is None else root
