"""A reading list: publications that a reader collects from any number of searches.

The list is its URL. It has the id of each publication as a parameter `id`, in the order of the
list, so a reader can keep it as a bookmark or send it to somebody, and the server stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from search_app.i18n.translation import format_number, gettext
from search_app.search_state import Arguments, BadParameter

LIST_PATH = "/list"
MAX_PUBLICATIONS = 100
"""Maximum number of publications in a list."""
MAX_BYTES = 6000
"""Maximum bytes of the ids in a URL. gunicorn reads 8,190 bytes of a request line, and the search
for a publication to add needs the rest."""


class ReadingList(msgspec.Struct, frozen=True):
    """The ids of a list in its order, each once. `prefix` begins every URL."""

    ids: tuple[str, ...] = ()
    prefix: str = ""

    @property
    def query(self) -> str:
        """The query string of the list."""
        return "&".join([f"id={quote(identity, safe='/:')}" for identity in self.ids])

    @property
    def fits(self) -> bool:
        """Whether the list is short enough to be a URL."""
        return len(self.ids) <= MAX_PUBLICATIONS and len(self.query) <= MAX_BYTES

    def make_url(self, path: str = "") -> str:
        """Return the URL of the list, or of something made of it below `LIST_PATH`."""
        return f"{self.prefix}{LIST_PATH}{path}{'?' if self.ids else ''}{self.query}"

    def with_ids(self, ids: Iterable[str]) -> ReadingList:
        """Return a list of other publications. An id that occurs again is left out."""
        return msgspec.structs.replace(self, ids=tuple(dict.fromkeys(ids)))

    def with_id(self, identity: str) -> ReadingList:
        """Return this list with one more publication at its end."""
        return self.with_ids((*self.ids, identity))

    def without_id(self, identity: str) -> ReadingList:
        """Return this list without a publication."""
        return self.with_ids(each for each in self.ids if each != identity)

    def with_moved(self, index: int, step: int) -> ReadingList:
        """Return this list with the publication at an index moved up (-1) or down (+1)."""
        ids = list(self.ids)
        ids.insert(index + step, ids.pop(index))
        return self.with_ids(ids)


def read(arguments: Arguments, prefix: str = "") -> ReadingList:
    """Return the list of a URL. Raise BadParameter if it is too long."""
    reading_list = ReadingList(prefix=prefix).with_ids(filter(None, arguments.getlist("id")))
    ids = reading_list.ids
    if len(ids) > MAX_PUBLICATIONS:
        expected = gettext("A list has at most %(limit)s publications.")
        raise BadParameter("id", ids[-1], expected % {"limit": MAX_PUBLICATIONS})
    if len(reading_list.query) > MAX_BYTES:
        expected = gettext("The ids of a list can take at most %(limit)s bytes of a URL.")
        raise BadParameter("id", ids[-1], expected % {"limit": format_number(MAX_BYTES)})
    return reading_list
