"""A publication compares by value and has a digest. A problem names its place and fault."""

import msgspec
import pytest

from indexer.catalogue.records import Link, Problem, Publication, SourceLocation

MADE = Publication(
    id="law",
    title="Model Law",
    source=SourceLocation("tools.html", 3),
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
def test_digest_changes_with_the_content(change: dict[str, object]) -> None:
    assert msgspec.structs.replace(MADE, **change).digest != MADE.digest


def test_digest_ignores_the_place_and_the_order_of_fields() -> None:
    turned = dict(reversed(list(MADE.values.items())))
    moved = msgspec.structs.replace(MADE, source=SourceLocation("other.html", 9), values=turned)
    assert moved.digest == MADE.digest


def test_problem_names_file_line_entry_and_hint() -> None:
    assert str(Problem("a.html", 0, "it is empty", "Fill it")) == "a.html: it is empty. Fill it"
    told = str(Problem("tools.html", 3, "it has no title", "Add one", "law"))
    assert told == "tools.html:3 (law): it has no title. Add one"
