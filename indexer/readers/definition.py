"""Format definitions: TOML files that configure a generic reader for a format.

A format of XML, JSON, YAML, or tagged lines needs only a definition. Its table `[fields]` is the
default mapping, with the syntax of `sources.toml`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from indexer import toml

_FORMATS = "indexer.readers.formats"


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The definition of a format.

    `name`, `suffixes`, and `fields`: see `indexer.readers.base.Reader`. `label`: the
    name of the format in messages. `xml`, `json`, `tagged`: the options of the generic reader. A
    definition has exactly one of them.
    """

    name: str
    label: str
    suffixes: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = {}
    xml: dict[str, Any] | None = None
    json: dict[str, Any] | None = None
    tagged: dict[str, Any] | None = None


@cache
def load_definitions() -> tuple[Definition, ...]:
    """Return the definitions of all built-in formats, in the order of their file names."""
    names = sorted(file.name for file in files(_FORMATS).iterdir())
    return tuple(
        toml.load_resource(_FORMATS, name, Definition) for name in names if name.endswith(".toml")
    )
