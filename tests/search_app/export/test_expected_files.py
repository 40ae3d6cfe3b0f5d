"""Every role and every type of publication in every format, as `expected/` has them.

After an intended change, run `python -m tests.search_app.export.test_expected_files`, and read the
differences.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast, get_args

import pytest

from indexer.catalogue.fields import NAME_ROLES, Catalogue, Field, Role, TypeRule
from indexer.catalogue.records import Link, Publication, SourceLocation, Value
from indexer.values.publication_types import PublicationType
from search_app.export import atom, citations, embedded
from search_app.export.citations import STYLES
from search_app.export.csl import Item, make_item
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
        "isbn": TEXTS["ISBN"], "issn": TEXTS["ISSN"][:1], "edition": ("2nd",),
    }  # fmt: skip
    return [publish("whole", **whole), *(publish(name, **short, type=(name,)) for name in TYPES)]


make_page_url = "https://example.org/{}".format


def make_items() -> list[Item]:
    return [make_item(each, CATALOGUE, make_page_url(each.id)) for each in list_publications()]


def write_feed() -> bytes:
    links = {"first": "https://example.org/feed", "alternate": "https://example.org/?q=salt"}
    feed = atom.Feed("Salt", "en", "Ministry of Salt", "2026-01-01T00:00:00Z", links, 40, 11, 10)
    return atom.write(feed, make_items())


def cite() -> bytes:
    cited = {
        item.id: {
            style: "".join(f"<i>{run.text}</i>" if run.is_italic else run.text for run in runs)
            for style, runs in ((style, citations.cite(item, style)) for style in STYLES)
        }
        for item in make_items()
    }
    return json.dumps(cited, indent=1, ensure_ascii=False).encode()


def embed() -> bytes:
    """Return what the page of each publication contains for programs."""
    pdf = "https://example.org/a.pdf"
    pages = {
        item.id: {
            "tags": [*embedded.list_tags(item, pdf)],
            "json-ld": json.loads(embedded.write_json_ld(item)),
            "coins": embedded.write_coins(item).split("&"),
            "unapi": embedded.has_unapi(item),
            "links": embedded.list_links(item, {"/ris": "text/ris"}, {pdf: "application/pdf"}),
        }
        for item in make_items()
    }
    return json.dumps(pages, indent=1, ensure_ascii=False).encode()


def write_format(name: str) -> bytes:
    return b"".join(FORMATS[name].write(list_publications(), CATALOGUE, make_page_url))


FILES: dict[str, Callable[[], bytes]] = {
    **{name: partial(write_format, name) for name in FORMATS},
    "atom": write_feed, "citations": cite, "embedded": embed,
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_every_role_and_type(name: str) -> None:
    assert FILES[name]().decode() == (EXPECTED / name).read_bytes().decode()


if __name__ == "__main__":
    for each, make in FILES.items():
        (EXPECTED / each).write_bytes(make())
