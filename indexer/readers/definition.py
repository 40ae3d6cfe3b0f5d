"""Format definitions: TOML files that describe a format to a generic reader.

A definition is enough for a format of XML, JSON or tagged lines. Its `[fields]` are the default
mapping, in the form of `sources.toml`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The definition of a format.

    `name`, `version`, `suffixes` and `fields`: see `indexer.readers.base.Reader`.
    `label`: the name of the format in messages. One of the other tables says which generic reader
    reads it, and how: its keys are those of the reader's own options.
    """

    name: str
    label: str
    version: int = 1
    suffixes: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = {}
    xml: dict[str, Any] | None = None
    json: dict[str, Any] | None = None
    tagged: dict[str, Any] | None = None


@cache
def load_definitions() -> tuple[Definition, ...]:
    """Return the definitions of all formats that come with the program, by file name."""
    folder = files("indexer.readers.formats")
    named = sorted((entry.name, entry) for entry in folder.iterdir())
    return tuple(
        msgspec.convert(tomllib.loads(entry.read_text(encoding="utf-8")), Definition)
        for name, entry in named
        if name.endswith(".toml")
    )
