"""Publications of many kinds to cite: types, names, dates, and parts that are missing."""

from pathlib import Path
from typing import get_args

import msgspec

from indexer.catalogue.fields import NAME_ROLES, Catalogue, Field, FieldKind, Role, TypeRule
from indexer.catalogue.records import Link, Publication, SourceLocation
from indexer.values.publication_types import PublicationType
from search_app.export.csl import Item, make_item

HERE = Path(__file__).parent
EXPECTED = HERE / "expected_citations.json"
_KINDS: dict[str, FieldKind] = {
    "issued": "date",
    "DOI": "doi",
    "URL": "link",
    "language": "language",
    **dict.fromkeys(NAME_ROLES, "name"),
}
CATALOGUE = Catalogue(
    title="Samples",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title"),
        Field("abstract", "Abstract", kind="text", role="abstract"),
        *(
            Field(role, role, kind=_KINDS.get(role, "keyword"), role=role, several=True)
            for role in get_args(Role)
            if role not in ("title", "abstract")
        ),
    ),
    types=tuple(TypeRule(csl, {"type": (csl,)}) for csl in get_args(PublicationType)),
)
"""A catalogue with a field for each role."""


def read_samples() -> list[Item]:
    """Return the publications of `citation_samples.jsonl` as items."""
    return [make_item(publication, CATALOGUE) for publication in read_publications()]


def read_publications() -> list[Publication]:
    """Return the publications of `citation_samples.jsonl`, by default in English."""
    lines = (HERE / "citation_samples.jsonl").read_text(encoding="utf-8").splitlines()
    return [_read_publication(line, number) for number, line in enumerate(lines, 1)]


def _read_publication(line: str, number: int) -> Publication:
    data = msgspec.json.decode(line)
    values = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
    values.setdefault("language", ("en",))
    if "URL" in values:
        values["URL"] = tuple(map(Link, values["URL"]))
    return Publication(
        id=data["id"],
        title=data["title"],
        lang=data.get("lang"),
        source=SourceLocation("citation_samples.jsonl", number),
        values=values | {"type": (data["type"],)},
    )
