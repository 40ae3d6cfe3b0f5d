"""The names of the types of CSL in other formats: `types.csv` has a row for each type."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from indexer.values.publication_types import PublicationType


class TypeNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of a type. A name is "" if a format has none.

    `zotero` is the type of Zotero, which reads and writes it in MODS before any genre of the list
    `marcgt`. `mods_resource` is a type of resources of MODS. `marc` has positions 6 and 7 of the
    leader. `openurl` is a format and a genre of OpenURL, `dcmi` a term of the DCMI Type Vocabulary.
    The others name the publication that contains one: a genre of `marcgt`, a type of schema.org,
    and a tag of Google Scholar, which is "" for types that Google Scholar does not index.
    """

    ris: str
    bibtex: str
    zotero: str
    marcgt: str
    mods_resource: str
    marc: str
    schema_org: str
    openurl: str
    dcmi: str
    host_marcgt: str
    host_schema_org: str
    host_scholar: str


def _load() -> Mapping[PublicationType, TypeNames]:
    text = files(__package__).joinpath("types.csv").read_text("utf-8")
    rows = {row.pop("type"): row for row in csv.DictReader(text.splitlines())}
    return msgspec.convert(rows, dict[PublicationType, TypeNames])


TYPES = _load()
