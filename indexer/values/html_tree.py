"""The tree of a web page, made in a time that is linear in the size of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from lxml import etree

MAX_ATTRIBUTES = 1_000
"""Limit on the attributes of a tag. lxml passes all others to add one: 120,000 take 18 s."""
TOO_MANY_ATTRIBUTES = f"a tag of the page has more than {MAX_ATTRIBUTES} attributes"
REMOVE_THEM = "Remove them, or save the page again"
"""The hint of a problem with TOO_MANY_ATTRIBUTES."""
_NOT_PARSED = re.compile(r"\A\s*<\?xml[^>]*>|\0")


class TooManyAttributes(ValueError):
    """A tag has more than MAX_ATTRIBUTES attributes."""


class _Tags:
    """Parser target that finds the maximum number of attributes of a tag."""

    def __init__(self) -> None:
        self.max_attributes = 0

    def start(self, _: str, attributes: Mapping[str, str]) -> None:
        """Count the attributes of a start tag."""
        self.max_attributes = max(self.max_attributes, len(attributes))

    def close(self) -> None:
        """Handle the end of the page."""


def parse_html(text: str) -> etree._Element | None:
    """Return the root of a page, or None if it has no elements.

    Comments and processing instructions are left out. Raise TooManyAttributes, or
    MemoryError.
    """
    data = _NOT_PARSED.sub("", text).encode("utf-8", "replace")
    tags = _Tags()
    with suppress(etree.LxmlError):
        etree.fromstring(data, etree.HTMLParser(target=tags, encoding="utf-8", no_network=True))
    if tags.max_attributes > MAX_ATTRIBUTES:
        raise TooManyAttributes(TOO_MANY_ATTRIBUTES)
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
    return None
