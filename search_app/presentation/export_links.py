"""Links to the exports of a list or of a publication, one for each format."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from search_app.export.registry import FORMATS


class ExportLink(msgspec.Struct, frozen=True):
    """A format: its display name, the URL of the export, and its media type."""

    label: str
    href: str
    media_type: str


def make_export_links(make_href: Callable[[str], str]) -> tuple[ExportLink, ...]:
    """Return a link for each format. `make_href` returns the URL for the name of a format."""
    return tuple(
        [
            ExportLink(entry.label, make_href(entry.name), entry.media_type)
            for entry in FORMATS.values()
        ]
    )
