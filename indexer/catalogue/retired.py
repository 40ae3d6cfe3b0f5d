"""Retired ids, of publications that were removed or have another id now; and `retired.toml`.

The file is optional. It states ids that are not in the index: those of another site, or of an
index that was deleted.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from indexer.catalogue.catalogue_toml import CatalogueError, format_toml_value, read_toml

RETIRED_FILE = "retired.toml"
MIN_YEAR, MAX_YEAR = 1001, 9998
"""Limits on the year of a removal. In any time zone, it then has four digits."""


class Retired(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True
):
    """An id that no publication has any more."""

    id: str
    title: str = ""
    """The last title of its publication, or "" if unknown."""
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When a build retired it; None only for an entry of `retired.toml` with a successor."""
    successor: str = ""
    """The id that the publication has now, or "" if it was removed."""


RetiredIds = Mapping[str, Retired]
"""Entries by their ids, the earliest first."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    retired: tuple[Retired, ...] = ()


def load(folder: Path) -> RetiredIds:
    """Return the entries of `retired.toml` in a corpus folder, or none if there is no file.

    Raise CatalogueError if the file is invalid, an id occurs twice, or an entry has neither a
    successor nor a time, or a time that is not from MIN_YEAR to MAX_YEAR.
    """
    file = folder / RETIRED_FILE
    if not os.path.lexists(file):
        return {}
    listed: dict[str, Retired] = {}
    for entry in read_toml(file, _File, "See corpus/README.md for the keys of an id").retired:
        if entry.id in listed:
            raise CatalogueError(file, f"the id {entry.id!r} occurs twice", "Keep one of them")
        if not entry.successor and entry.time is None:
            hint = "Add the id that replaces it as `successor`, or when it was removed as `time`"
            raise CatalogueError(file, f"the id {entry.id!r} has no successor and no time", hint)
        if entry.time and not MIN_YEAR <= entry.time.year <= MAX_YEAR:
            message = f"the id {entry.id!r} was removed in the year {entry.time.year}"
            hint = f"Write the time of its removal as `time`, from {MIN_YEAR} to {MAX_YEAR}"
            raise CatalogueError(file, message, hint)
        listed[entry.id] = entry
    return listed


def format_toml(entries: Iterable[Retired]) -> str:
    """Return entries as TOML that `load` reads back."""
    lines: list[str] = []
    for entry in entries:
        values = {
            "id": format_toml_value(entry.id),
            "successor": format_toml_value(entry.successor) if entry.successor else "",
            "title": format_toml_value(entry.title) if entry.title else "",
            "time": entry.time.isoformat() if entry.time else "",
        }
        lines += ["[[retired]]", *(f"{key} = {text}" for key, text in values.items() if text), ""]
    return "\n".join(lines)
