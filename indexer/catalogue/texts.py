"""Texts of a catalogue in another language: `catalogue.fr.toml` has those in French."""

from __future__ import annotations

import msgspec


class FieldTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a row in another language. An empty one is not translated.

    `values` are the display texts of values, by value.
    """

    label: str = ""
    missing: str = ""
    qualifier: str = ""
    values: dict[str, str] = {}


class CatalogueTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a catalogue in another language. An empty one is not translated.

    `examples` are the explanations of the examples, in their order. `field` has the texts of rows,
    by name.
    """

    title: str = ""
    description: str = ""
    publisher: str = ""
    source: str = ""
    footer: str = ""
    map_notice: str = ""
    notices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    field: dict[str, FieldTexts] = {}


WHOLE_TEXTS = ("title", "description", "publisher", "source", "footer", "map_notice")
"""The keys of a catalogue with one text."""
ROW_TEXTS = ("label", "missing", "qualifier")
"""The keys of a row with one text."""
NO_FIELD_TEXTS, NO_TEXTS = FieldTexts(), CatalogueTexts()
