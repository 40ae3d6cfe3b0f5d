"""Every role and every type of publication in every format, as `expected/` has them.

After an intended change, run `python -m tests.search_app.export.test_expected_files`, and read the
differences.
"""

from pathlib import Path
from typing import cast, get_args

import pytest

from indexer.catalogue.fields import NAME_ROLES, Catalogue, Field, Role, TypeRule
from indexer.catalogue.records import Link, Publication, SourceLocation, Value
from indexer.values.publication_types import PublicationType
from search_app.export.registry import FORMATS

EXPECTED = Path(__file__).parent / "expected"
TYPES: tuple[PublicationType, ...] = get_args(PublicationType)
SPECIAL = {"title", "abstract", "issued", "type", "language", "URL", *NAME_ROLES}
PLAIN = tuple(cast(Role, role) for role in get_args(Role) if role not in SPECIAL)
TEXTS: dict[str, tuple[str, ...]] = {
    "DOI": ("10.1000/182",), "ISBN": ("9783161484100",), "ISSN": ("0378-5955", "2049-3630"),
    "page": ("12-19",), "volume": ("7",), "issue": ("3",), "number-of-pages": ("214",),
    "keyword": ("harbours", "salt, coarse"),
}  # fmt: skip
NAMES: dict[str, tuple[Value, ...]] = {
    "author": ("Okafor, Ada", "King, Martin, Jr.", "Plato"), "editor": ("Berg, Jan",),
    "translator": ("Osei, Ama",), "director": ("Lind, Eva",), "contributor": ("Moss, Eva",),
}  # fmt: skip
CATALOGUE = Catalogue(
    "Salt", "", (
        Field("title", "Title", kind="text", role="title"),
        Field("summary", "Abstract", kind="text", role="abstract"),
        Field("titre", "Titre", kind="text", translates="title", language="fr"),
        Field("resume", "Résumé", kind="text", translates="summary", language="fr"),
        Field("date", "Date", kind="date", role="issued"),
        Field("type", "Type"),
        Field("body", "Body", role="author"),
        Field("languages", "Languages", kind="language", role="language", several=True),
        Field("link", "Link", kind="link", role="URL", several=True),
        *(Field(role, role, kind="name", role=role, several=True) for role in NAME_ROLES),
        *(Field(role.lower().replace("-", "_"), role, role=role, several=True) for role in PLAIN),
    ),
    types=tuple(TypeRule(name, {"type": (name,)}) for name in TYPES),
)  # fmt: skip


def publish(identity: str, **values: tuple[Value, ...]) -> Publication:
    return Publication(
        id=identity, title="Salt: a history", source=SourceLocation("salt.html", 1), lang="en",
        values=values, summary="Of salt & trade.\n\nThen, of roads.",
        added=1_700_000_000, changed=1_750_000_000,
    )  # fmt: skip


def list_publications() -> list[Publication]:
    """Return a report in which each role has a value, and a short record of each type."""
    whole: dict[str, tuple[Value, ...]] = {
        "titre": ("Le sel",), "resume": ("Du sel.",), "date": ("2014-05-03",), "type": ("report",),
        "body": ("Ministry of Salt",), "languages": ("en", "ar"),
        "link": (Link("https://example.org/a?b=1&c=2", "Volume 1"), Link("https://example.org/d")),
        **NAMES,
        **{role.lower().replace("-", "_"): TEXTS.get(role, (f"A {role}",)) for role in PLAIN},
    }  # fmt: skip
    short: dict[str, tuple[Value, ...]] = {
        "author": NAMES["author"][:1], "date": ("1998",), "page": ("12",), "volume": ("7",),
        "issue": ("3",), "languages": ("en",),
        **{f"{kind}_title": (f"The {kind}",) for kind in ("container", "collection", "event")},
        "collection_number": ("9",), "publisher": ("Brand and Sons",), "genre": ("Essay",),
    }  # fmt: skip
    return [publish("whole", **whole), *(publish(name, **short, type=(name,)) for name in TYPES)]


def write(name: str) -> bytes:
    parts = FORMATS[name].write(list_publications(), CATALOGUE, "https://example.org/{}".format)
    return b"".join(parts)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_every_role_and_type(name: str) -> None:
    assert write(name).decode() == (EXPECTED / name).read_bytes().decode()


if __name__ == "__main__":
    for each in FORMATS:
        (EXPECTED / each).write_bytes(write(each))
