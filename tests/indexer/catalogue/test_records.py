"""A publication is a value, its digest tells what it says, a problem tells where and what."""

from __future__ import annotations

import msgspec
import pytest

from indexer.catalogue.records import Link, Problem, Publication, Source

MADE = Publication(
    id="law",
    title="Model Law",
    source=Source("tools.html", 3),
    summary="Provisions.",
    lang="fr",
    values={"year": (2009,), "link": (Link("https://example.org/", "Here", "fr"),)},
)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "laws"},
        {"title": "Model Laws"},
        {"summary": "Provisions"},
        {"summary": None},
        {"lang": None},
        {"values": {"year": (2010,), "link": MADE.values["link"]}},
        {"values": {"year": (2009,)}},
        {"values": {"year": (2009,), "link": (Link("https://example.org/", "Here"),)}},
    ],
    ids=str,
)
def test_digest_changes_with_all_that_is_said(change: dict[str, object]) -> None:
    """A publication that says anything else has another digest."""
    assert msgspec.structs.replace(MADE, **change).digest != MADE.digest


def test_digest_leaves_out_the_place_and_the_order_of_fields() -> None:
    """Where a publication stands, and in which order its fields came, is not in its digest."""
    turned = dict(reversed(list(MADE.values.items())))
    moved = msgspec.structs.replace(MADE, source=Source("other.html", 9), values=turned)
    assert moved.digest == MADE.digest


def test_publication_survives_json() -> None:
    """Years stay numbers, links stay links and texts stay texts on the way through JSON."""
    read = msgspec.json.decode(msgspec.json.encode(MADE), type=Publication)
    assert read == MADE
    assert read.values["link"] == (Link("https://example.org/", "Here", "fr"),)


def test_problem_tells_file_line_entry_and_hint() -> None:
    """A problem reads as place, entry, what is wrong, and what to do."""
    told = str(Problem("tools.html", 3, "it has no title", "Add one", "law"))
    assert told == "tools.html:3 (law): it has no title. Add one"


def test_problem_of_a_whole_file_tells_no_line() -> None:
    """A problem of a whole file names the file alone."""
    assert str(Problem("a.html", 0, "it is empty", "Fill it")) == "a.html: it is empty. Fill it"


def test_link_is_its_address() -> None:
    """A link as text is its address."""
    assert str(Link("https://example.org/", "Here")) == "https://example.org/"
