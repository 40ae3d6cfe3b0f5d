"""An exported file that is imported again has the same facts.

A fact is what a publication has in one role, such as its authors or its DOI. It is changed if an
import of the export has another value, in another order, or none. What a format has no place for is
not counted: `NO_PLACE` lists it. docs/interoperability.md explains it and has the numbers, which
`python -m tests.search_app.export.test_round_trips` writes.
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem, Publication
from indexer.jobs import importer
from indexer.jobs.import_files import ImportRejected
from search_app.export import bibtex, csl, marcxml, mods, ris
from search_app.export.csl import Item, make_item
from search_app.export.registry import FORMATS
from tests.conftest import ROOT
from tests.samples import read_publications

CATALOGUES = ROOT.parent / "shared" / "data" / "catalogues"
"""Catalogues of others, which are not a part of this project."""
DOCUMENT = ROOT / "docs" / "interoperability.md"
SAMPLED = 80
"""Maximum number of records of each catalogue of others."""
WRITERS = {"ris": ris, "bibtex": bibtex, "csl": csl, "mods": mods, "marcxml": marcxml}
"""The formats of items. All sampled records are in one file of each."""

NO_PLACE: Mapping[str, frozenset[str]] = {
    "ris": frozenset(
        "PMID rights coverage number-of-pages dimensions collection-number title-language".split()
    ),
    "bibtex": frozenset("coverage dimensions collection-number title-language".split()),
    "csl": frozenset("rights coverage language title-language".split()),
    "mods": frozenset(),
    "marcxml": frozenset(("title-language",)),
    "csv": frozenset(("title-language",)),
    "jsonl": frozenset(),
}
"""Roles that a format has no place for. RIS and BibTeX have one number, CSL-JSON one language."""
ONE_LINK = frozenset(("bibtex", "csl"))
ONE_TEXT = frozenset(("bibtex", "csl"))
"""Formats with one link, and with one text for several notes, publishers, places, and series."""
JOINED = "note publisher publisher-place collection-title rights number call-number".split()
_SEPARATOR = re.compile(r"[,;]\s+")
LIMITS = {"ris": 10, "bibtex": 10, "csl": 20, "mods": 0, "marcxml": 20, "csv": 0, "jsonl": 0}
"""Maximum numbers of changed facts of all sampled records."""


class Set(NamedTuple):
    """A catalogue with some of its publications."""

    name: str
    catalogue: Catalogue
    publications: list[Publication]


def ignore(_: Problem) -> None:
    """Ignore a problem of a catalogue of others."""


def load(folder: Path) -> tuple[Catalogue, list[Publication]]:
    return catalogue_toml.load(folder), read_publications(folder, [])


def load_own() -> Set:
    return Set("own", *load(ROOT / "corpus"))


def load_others() -> Iterator[Set]:
    """Yield publications of the catalogues of others, each title once."""
    seen = set[str]()
    for folder in sorted(CATALOGUES.iterdir()):
        if folder.is_dir() and not folder.name.startswith("pdf"):
            with tempfile.TemporaryDirectory() as into:
                files = sorted(folder.iterdir())
                given = files if len(files) == 1 else [folder]
                try:
                    importer.import_files(given, Path(into) / "new", report=ignore)
                except ImportRejected:  # nothing names its records
                    continue
                catalogue, listed = load(Path(into) / "new")
            by_title = {each.title.casefold(): each for each in listed}
            new = [each for title, each in by_title.items() if title not in seen]
            seen |= by_title.keys()
            step = max(1, len(new) // SAMPLED)
            yield Set(folder.name, catalogue, new[::step][:SAMPLED])


def list_facts(item: Item, format_name: str) -> dict[str, list[str]]:
    facts: dict[str, list[str]] = {
        "title": [item.title],
        "type": [item.type],
        "abstract": [item.abstract],
        "issued": [item.issued.edtf if item.issued else ""],
        "title-language": [item.language],
        "page": [" ".join(item.pages)],
        "URL": [link.url for link in item.links],
    }
    facts |= {role: [*map(repr, names)] for role, names in item.names.items()}
    facts |= {role: [*texts] for role, texts in item.values.items() if role != "page"}
    if format_name in ONE_LINK:
        facts["URL"] = facts["URL"][:1]
    if format_name in ONE_TEXT:
        facts |= {
            role: _SEPARATOR.split(", ".join(facts[role])) for role in JOINED if role in facts
        }
    spaced = {role: [" ".join(text.split()) for text in texts] for role, texts in facts.items()}
    lost = NO_PLACE[format_name]
    return {role: texts for role, texts in spaced.items() if any(texts) and role not in lost}


def count_changes(
    before: Mapping[str, Item], after: Mapping[str, Item], format_name: str
) -> Counter[str]:
    """Return the number of changed facts by role. A lost publication has one, `lost`."""
    changes = Counter[str]()
    for identity, item in before.items():
        if identity not in after:
            changes["lost"] += 1
            continue
        old = list_facts(item, format_name)
        new = list_facts(after[identity], format_name)
        changes.update(role for role in old | new if old.get(role) != new.get(role))
    return changes


def measure(sets: list[Set], format_name: str, folder: Path) -> Counter[str]:
    exported = FORMATS[format_name]
    file = folder / f"exported.{exported.extension}"
    if format_name in WRITERS:
        items = {
            identity: msgspec.structs.replace(make_item(each, one.catalogue), id=identity)
            for one in sets
            for number, each in enumerate(one.publications)
            for identity in [f"{one.name}-{number}"]
        }
        file.write_bytes(b"".join(WRITERS[format_name].write(items.values())))
        return count_changes(items, import_items(file, folder / "new"), format_name)
    total = Counter[str]()
    for one in filter(lambda one: one.publications, sets):
        file.write_bytes(b"".join(exported.write(one.publications, one.catalogue, lambda _: "")))
        items = {each.id: make_item(each, one.catalogue) for each in one.publications}
        found = count_changes(items, import_items(file, folder / one.name), format_name)
        if not any(field.role == "type" for field in one.catalogue.valued):
            del found["type"]  # the rules of the catalogue give the type, not the record
        total += found
    return total


def measure_all(sets: list[Set]) -> dict[str, Counter[str]]:
    changes = {}
    for name in LIMITS:
        with tempfile.TemporaryDirectory() as folder:
            changes[name] = measure(sets, name, Path(folder))
    return changes


def import_items(file: Path, into: Path) -> dict[str, Item]:
    importer.import_files([file], into, report=ignore)
    catalogue, publications = load(into)
    return {each.id: make_item(each, catalogue) for each in publications}


@pytest.mark.slow
@pytest.mark.parametrize("format_name", [*LIMITS])
def test_facts_of_our_catalogue_survive(format_name: str, tmp_path: Path) -> None:
    assert measure([load_own()], format_name, tmp_path) == {}


@pytest.mark.thorough
def test_facts_of_other_catalogues_survive() -> None:
    """Few facts of mixed records are changed in any format: as many as the document says."""
    if not CATALOGUES.exists():
        pytest.skip("the catalogues of others are not beside this project")
    sets = [load_own(), *load_others()]
    changes = measure_all(sets)
    totals = {name: changed.total() for name, changed in changes.items()}
    assert all(totals[name] <= LIMITS[name] for name in LIMITS), changes
    assert format_table(sets, changes) in DOCUMENT.read_text(encoding="utf-8")


def format_table(sets: list[Set], changes: Mapping[str, Counter[str]]) -> str:
    records = sum(len(one.publications) for one in sets)
    lines = [
        f"Changed facts of {records:,} records of {len(sets)} catalogues:",
        "",
        "| format | changed facts | most of them | no place for |",
        "|---|---|---|---|",
    ]
    for name, changed in changes.items():
        most = ", ".join(f"{role} ({count})" for role, count in changed.most_common(4))
        lost = ", ".join(sorted(NO_PLACE[name]))
        lines.append(f"| {FORMATS[name].label} | {changed.total():,} | {most} | {lost} |")
    return "\n".join(lines)


START, END = "<!-- round trips -->\n", "<!-- end -->"


def main() -> None:
    sets = [load_own(), *load_others()]
    changes = measure_all(sets)
    for name, changed in changes.items():
        sys.stdout.write(f"{name} {changed.total()} {dict(changed.most_common())}\n")
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    table = format_table(sets, changes)
    DOCUMENT.write_text(f"{before}{START}{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
