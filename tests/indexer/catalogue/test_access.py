"""Restricted publications stay restricted, however a source writes it."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.access import is_restricted, states_access
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem, Property, Publication, SourceLocation, SourceRecord
from indexer.ingest import duplicates
from indexer.ingest.corpus import CorpusReader, SourceFile
from indexer.ingest.validation import validate
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers.formats import jsonl

TITLE = Field("title", "Title", role="title")
ACCESS = Field("access", "Access", restricted=("Confidential", "á la demande"))
INVISIBLE = "\u00ad\u200b\u200d\u200e\u202e\u2060\u2066\ufeff\ufe0f"
OPEN = ("open", "public", "declassified", "not confidential", "confidence", "C")


def validated(values: list[str], access: Field, problems: list[Problem]) -> Publication:
    properties = [Property("title", "T"), *(Property("access", value) for value in values)]
    record = SourceRecord(SourceLocation("a", 1), tuple(properties))
    publication = validate(record, Catalogue("", "", (TITLE, access)), problems.append)
    assert publication
    return publication


def closed(values: list[str], access: Field = ACCESS) -> bool:
    publication = validated(values, access, [])
    return is_restricted(publication, Catalogue("", "", (TITLE, access)))


@st.composite
def disguised(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(ACCESS.restricted))
    text = draw(st.sampled_from([text.upper(), text.lower(), text.title(), text]))
    text = "".join(draw(st.text(INVISIBLE, max_size=2)) + char for char in text)
    text = text.replace(" ", draw(st.sampled_from([" ", "  ", "\u00a0", "\t", "\n"])))
    ends = st.text(INVISIBLE + " .,;:!()[]'\"*-–—«»", max_size=4)
    return draw(ends) + text + draw(ends)


@given(disguised(), st.lists(st.sampled_from(OPEN), max_size=2), st.integers(0, 2), st.booleans())
def test_a_restricted_value_counts_however_it_is_written(
    value: str, others: list[str], at: int, several: bool
) -> None:
    """Case, accents, spaces, invisible characters, and punctuation around it do not count.

    Any restricted value wins, also in a field with one value and in a publication of an older
    index.
    """
    access = msgspec.structs.replace(ACCESS, several=several)
    assert closed([*others[:at], value, *others[at:]], access)
    stored = Publication(
        id="x", title="T", source=SourceLocation("a", 1), values={"access": (value,)}
    )
    assert is_restricted(stored, Catalogue("", "", (TITLE, ACCESS)))


@pytest.mark.parametrize("value", OPEN)
def test_another_value_is_open(value: str) -> None:
    """A value that means something else restricts nothing."""
    assert not closed([value])


def test_a_restricted_value_is_shown_as_the_catalogue_writes_it() -> None:
    assert validated(["CONFIDENTIAL."], ACCESS, []).values["access"] == ("Confidential",)


@pytest.mark.parametrize("value", ["Confidentjal", "Confdential", "Confidentiial", "Сonfidential"])
def test_a_misspelled_value_is_restricted_and_reported(value: str) -> None:
    """A value with one wrong letter counts as restricted unless the field lists it."""
    problems: list[Problem] = []
    assert validated([value], ACCESS, problems).values["access"] == ("Confidential",)
    [problem] = problems
    assert "seems to be 'Confidential', which is restricted" in problem.what
    listing = msgspec.structs.replace(ACCESS, values=(*ACCESS.restricted, value))
    assert validated([value], listing, problems).values["access"] == (value,)
    assert len(problems) == 1


@pytest.mark.parametrize(
    "value",
    [
        "open; Confidential", "Confidential (see the note)", "<b>Confidential</b>",
        "open, à la demande", "Confidential - ask us", "Note: confidentiaal. Until 2030",
    ],
)  # fmt: skip
def test_a_restricted_part_of_a_value_restricts_and_is_reported(value: str) -> None:
    problems: list[Problem] = []
    values = validated([value], ACCESS, problems).values["access"]
    assert {*values} <= {*ACCESS.restricted}
    assert ["which is restricted" in problem.what for problem in problems] == [True]
    listing = msgspec.structs.replace(ACCESS, values=(*ACCESS.restricted, value))
    assert validated([value], listing, problems).values["access"] == (value,)
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        ("Confidential", "Confidentialll"), ("Confidential", "Cofidentail"),
        ("Confidential", "STRICTLY CONFIDENTIAL"),
        ("Confidential", "still confidential until 2030"),
        ("Confidential", "No. Confidential"), ("Confidential", "Con fidential"),
        ("Confidential", "Vertraulich"), ("Confidential", "Vertraulichh"),
        ("Confidential", "Document confidentiel"), ("Confidential", "confidenciales"),
        ("Confidential", "Конфиденциально"), ("Confidential", "وثيقة سرية"),
        ("Confidential", "保密文件"),
        ("vertraulich", "confidential"), ("request", "given out à la  Demande only"),
        ("request", "auf Anfrage"), ("request", "por solicitud o a petición"),
        ("request", "по запросу"),
        ("request", "عند الطلب"), ("request", "应要求"), ("on request", "strictly confidential"),
        ("restricted", "accès restreint"), ("House copy", "for the house copyy"),
    ],
)  # fmt: skip
def test_a_value_that_may_be_restricted_is_restricted_and_reported(listed: str, value: str) -> None:
    problems: list[Problem] = []
    access = msgspec.structs.replace(ACCESS, restricted=(listed,))
    assert validated([value], access, problems).values["access"] == (listed,)
    assert [f"seems to be '{listed}', which is restricted" in each.what for each in problems] == [
        True
    ]


@pytest.mark.parametrize(
    "value",
    [
        "unrestricted", "Open access", "public", "Public domain", "no restrictions", "declassified",
        "unclassified", "libre", "acceso abierto", "accès libre", "открытый доступ",
        "متاح للجميع", "公开",
        "öffentlich", "download", "visit", "watch", "free of charge", "external", "CC BY 4.0",
    ],
)  # fmt: skip
def test_a_word_for_open_access_is_open(value: str) -> None:
    problems: list[Problem] = []
    access = msgspec.structs.replace(ACCESS, restricted=("Restricted", "Confidential", "request"))
    assert validated([value], access, problems).values["access"] == (value,)
    assert problems == []


@pytest.mark.parametrize(
    "value",
    [
        "not confidential", "not restricted", "non confidentiel", "sin acceso restringido",
        "nicht vertraulich", "не конфиденциально", "غير سري", "不保密", "non-confidential",
    ],
)  # fmt: skip
def test_a_negated_restricted_value_is_reported(value: str) -> None:
    """A restricting word after a negation restricts nothing, but is reported."""
    problems: list[Problem] = []
    assert validated([value], ACCESS, problems).values["access"]
    assert ["but is not restricted" in problem.what for problem in problems] == [True]


@pytest.mark.parametrize("several", [False, True])
def test_a_value_over_the_limit_is_restricted_and_reported(several: bool) -> None:
    """A value that is too long to be kept may be a restricted one."""
    problems: list[Problem] = []
    access = msgspec.structs.replace(ACCESS, several=several)
    value = "Confidential" + " " * LIMITS.longest_field
    assert "Confidential" in validated(["open", value], access, problems).values["access"]
    assert "on request only" in problems[0].hint


def test_an_unlisted_value_is_restricted_and_reported() -> None:
    problems: list[Problem] = []
    listing = msgspec.structs.replace(ACCESS, values=(*ACCESS.restricted, "open"))
    assert validated(["hidden"], listing, problems).values["access"] == ("Confidential",)
    [problem] = problems
    assert "'hidden' is not a value of this catalogue" in problem.what
    assert "on request only" in problem.hint


@pytest.mark.parametrize("fields", [("status",), ("other", "status")])
def test_a_mapped_source_keeps_restricted_values(fields: tuple[str, ...]) -> None:
    catalogue = Catalogue("", "", (TITLE, ACCESS))
    source = Source(file="a", format="jsonl", fields={"title": ("t",), "access": fields})
    columns = [("t", "T"), ("other", "open"), ("status", "open"), ("status", "confidential")]
    properties = tuple(Property(name, value, value) for name, value in columns)
    mapped = Mapper(source, jsonl, catalogue).map(SourceRecord(SourceLocation("a", 1), properties))
    publication = validate(mapped, catalogue, list[Problem]().append)
    assert publication
    assert is_restricted(publication, catalogue)


@pytest.mark.parametrize("access", ["{status} {long}", "{status} {long}|other"])
@pytest.mark.parametrize("several", [False, True])
def test_a_template_that_is_cut_restricts(access: str, several: bool, tmp_path: Path) -> None:
    """If the templates of a record join too much, its access may be a restricted one."""
    field = msgspec.structs.replace(ACCESS, several=several)
    catalogue = Catalogue("", "", (TITLE, Field("authors", "Authors", several=True), field))
    fields: dict[str, str | tuple[str, ...]]
    fields = {"title": ("t",), "authors": ("{long}0",) * 20, "access": (access,)}
    values = {"t": "T", "long": "x" * 60_000, "status": "confidential", "other": "open"}
    path = tmp_path / "a.jsonl"
    path.write_bytes(msgspec.json.encode(values))
    mapper = Mapper(Source(file="a", format="jsonl", fields=fields), jsonl, catalogue)
    problems: list[Problem] = []
    reader = CorpusReader(catalogue, problems.append)
    [publication] = reader.read_publications(SourceFile(path, "a.jsonl", jsonl, mapper))
    problem = problems[0]
    assert is_restricted(publication, catalogue)
    assert problem.what == "the templates of access, authors join too much"
    assert "on request only" in problem.hint


@pytest.mark.parametrize("stated", [("open", "Confidential"), ("Confidential", "open")])
def test_a_merged_duplicate_is_restricted_if_any_record_is(stated: tuple[str, str]) -> None:
    doi = Field("doi", "DOI", kind="doi")
    catalogue = Catalogue("", "", (TITLE, ACCESS, doi))
    fields = duplicates.KeyFields(catalogue)
    records = [
        Publication(
            id=value, title="T", source=SourceLocation(value, 1),
            values={"access": (value,), "doi": ("10.1/5",)},
        ) for value in stated
    ]  # fmt: skip
    merger = duplicates.Merger(
        fields, dict.fromkeys(fields.hash_identities(records[0]), 0), {0: 2}, set()
    )
    merged = [merger.add(0, record) for record in records][-1]
    assert merged
    assert is_restricted(merged, catalogue)


def test_a_publication_states_access_by_a_restricted_field() -> None:
    catalogue = Catalogue("", "", (TITLE, ACCESS, Field("form", "Form")))
    for name, states in (("form", False), ("access", True)):
        place, values = SourceLocation("a", 1), {name: ("open",)}
        made = Publication(id="a", title="A", source=place, values=values)
        assert states_access(made, catalogue) is states
