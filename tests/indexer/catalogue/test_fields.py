"""`catalogue.toml` defines the fields. An invalid one is rejected with a reason."""

import json
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import RESERVED_NAMES, CatalogueError
from indexer.catalogue.fields import Catalogue, Field, TypeRule
from indexer.catalogue.records import Link, Publication, SourceLocation


def field(**said: object) -> str:
    return "\n".join(["[[field]]", *(f"{key} = {json.dumps(said[key])}" for key in said), ""])


HEAD = 'title = "T"\ndescription = "D"\n'
TITLE = field(name="title", label="Title", kind="text", role="title", weight=1.0)
REGION = field(name="region", label="Region", facet=1, several=True, values=["Asia", "Africa"])
COUNTRY = field(name="country", label="Country", parent="region", grouping="regions.toml")
YEAR = field(name="year", label="Year", kind="year", role="issued")
FULLTEXT = field(name="fulltext", label="Full text", kind="fulltext", weight=0.3)

FAULTS = {
    "two fields of a name": (TITLE, YEAR, field(name="year", label="Y"), "the name 'year'"),
    "a source's name twice": (TITLE, field(name="a", label="A", names=["title"]), "name 'title'"),
    "no title": (YEAR, "role = 'title'"),
    "two titles": (TITLE, TITLE.replace('"title"', '"name"', 1), "role = 'title'"),
    "two summaries": (
        TITLE, field(name="a", label="A", role="abstract"),
        field(name="b", label="B", role="abstract"),
        "'a' and 'b' have the role 'abstract'",
    ),
    "two dates": (
        TITLE, field(name="day", label="Day", kind="date", role="issued"), YEAR,
        YEAR.replace('"year"', '"date"', 1), "'year' and 'date' of the kind 'year' have the role",
    ),
    "date that is no year": (TITLE, field(name="d", label="D", role="issued"), "the role 'issued'"),
    "unknown role": (TITLE, field(name="a", label="A", role="creator"), "'creator'"),
    "type of an unknown field": (
        TITLE, '[[type]]\ncsl = "book"\nwhere.format = ["a"]\n', "an unknown field 'format'",
    ),
    "type of a value that is not allowed": (
        TITLE, REGION, '[[type]]\ncsl = "book"\nwhere.region = ["Mars"]\n', "the value 'Mars'",
    ),
    "unknown type": (TITLE, '[[type]]\ncsl = "leaflet"\n', "'leaflet'"),
    "same place twice": (
        TITLE, REGION, field(name="b", label="B", facet=1),
        "the facets 'region' and 'b' have the same place, 1",
    ),
    "facet below 1": (TITLE, field(name="a", label="A", facet=0), "'a' has a place below 1"),
    "fact below 1": (TITLE, field(name="a", label="A", fact=0), "'a' has a place below 1"),
    "facet of kind text": (TITLE, field(name="a", label="A", kind="text", facet=1), "kind 'text'"),
    "facet of kind link": (TITLE, field(name="a", label="A", kind="link", facet=1), "kind 'link'"),
    "child of kind text": (TITLE, REGION, f'{COUNTRY}kind = "text"\n', "kind 'text'"),
    "title as a facet": (
        field(name="title", label="T", role="title", facet=1), "a facet and the title",
    ),
    "'none' as a value": (TITLE, field(name="a", label="A", values=["b", "none"]), "'none'"),
    "unusable name": (TITLE, field(name="Year", label="Y"), "the field name 'Year'"),
    "name of a page's with a space": (TITLE, field(name="a", label="A", names=["a b"]), "a space"),
    "contact with a user": ('contact = "https://a@b.example/"\n', TITLE, "no email address"),
    "contact with a blind copy": ('contact = "a@b.example?bcc=c"\n', TITLE, "no email address"),
    "contact that runs a script": ('contact = "javascript:a@b"\n', TITLE, "no email address"),
    "no weight": (TITLE.replace("1.0", "0"), FULLTEXT, "full text has a weight"),
    "negative weight": (TITLE, field(name="a", label="A", weight=-1), "the weight -1.0"),
    "weight is no number": (TITLE, field(name="a", label="A") + "weight = nan\n", "weight nan"),
    "parent without grouping": (TITLE, REGION, field(name="c", label="C", parent="region"), "both"),
    "grouping without parent": (TITLE, field(name="c", label="C", grouping="r.toml"), "both"),
    "name of a box of years": (
        TITLE, field(name="year", label="Y", kind="year"), field(name="year_to", label="T"),
        "'year_to' is taken",
    ),
    "name of another role": (TITLE, field(name="summary", label="S"), "'summary' is taken"),
    "language told from a section": (
        TITLE, field(name="a", label="A", detects=True), "'a' detects languages",
    ),
    "qualifies an unknown field": (
        TITLE, field(name="a", label="A", qualifies="b"), "unknown field 'b'",
    ),
    "unknown parent": (TITLE, COUNTRY, "an unknown parent 'region'"),
    "parent that is no facet": (TITLE, REGION.replace("facet = 1", ""), COUNTRY, "be the parent"),
    "parent of one value": (TITLE, REGION.replace("true", "false"), COUNTRY, "be the parent"),
    "its own parent": (TITLE, f'{REGION}parent = "region"\ngrouping = "r.toml"\n', "be the parent"),
    "two trees": (
        TITLE, REGION, COUNTRY,
        field(name="town", label="Town", parent="country", grouping="towns.toml"), "have a parent",
    ),
    "unknown language": ('language = "klingon"\n', TITLE, "the language 'klingon'"),
    "notice of a map without countries": ('map_notice = "M"\n', TITLE, REGION, COUNTRY, "a map"),
    "unknown key": (TITLE, field(name="a", label="A", heavy=1), "`heavy`"),
    "unknown key of the head": ('heading = "T"\n', TITLE, "`heading`"),
    "unknown kind": (TITLE, field(name="a", label="A", kind="number"), "'number'"),
    "translation of another field": (
        TITLE, YEAR, field(name="a", label="A", kind="text", translates="year", language="fr"),
        "'a' translates 'year'",
    ),
    "translation without a language": (
        TITLE, field(name="a", label="A", kind="text", translates="title"), "has the language None",
    ),
    "language without a translation": (
        TITLE, field(name="a", label="A", kind="text", language="fr"), "'a' translates None",
    ),
    "translation of several texts": (
        TITLE,
        field(name="a", label="A", kind="text", translates="title", language="fr", several=True),
        "not one text",
    ),
    "two full texts": (TITLE, FULLTEXT, FULLTEXT.replace("fulltext", "body", 1), "'fulltext'"),
    "full text without weight": (TITLE, field(name="f", label="F", kind="fulltext"), "weight 0.0"),
    "full text as heavy as a title": (
        TITLE, field(name="f", label="F", kind="fulltext", weight=1.5), "the weight 1.5",
    ),
    "full text as a filter": (TITLE, f"{FULLTEXT}facet = 1\n", "like a field with values"),
    "full text with a role": (TITLE, f'{FULLTEXT}role = "note"\n', "like a field with values"),
    "full text with values": (TITLE, f"{FULLTEXT}several = true\n", "like a field with values"),
    "files without full text": ('files = "serve"\n', TITLE, "not searched"),
    "unknown use of files": ('files = "hide"\n', TITLE, FULLTEXT, "'hide'"),
    "no label": (TITLE, field(name="a"), "`label`"),
    "no fields": ("", "`field`"),
    "no TOML": ("[[field", "Expected ']]'"),
}  # fmt: skip


def write_corpus(folder: Path, rows: str, regions: str = "") -> Path:
    (folder / "catalogue.toml").write_text(HEAD + rows, encoding="utf-8")
    (folder / "regions.toml").write_text(regions, encoding="utf-8")
    return folder


def test_facets_without_a_number_keep_the_order_of_the_file(tmp_path: Path) -> None:
    """`facet = true` places a field after those with a number, and `false` makes it no facet."""
    stated = {"z": True, "a": 2, "m": True, "b": 1, "n": False, "c": True}
    rows = (field(name=name, label=name, facet=facet) for name, facet in stated.items())
    catalogue = catalogue_toml.load(write_corpus(tmp_path, "\n".join([TITLE, *rows])))
    assert "".join(facet.name for facet in catalogue.facets) == "bazmc"
    (tmp_path / "catalogue.toml").write_text(catalogue_toml.format_toml(catalogue), "utf-8")
    assert catalogue_toml.load(tmp_path) == catalogue


def refusal(folder: Path) -> CatalogueError:
    """Return the error that rejects a folder's catalogue. It must have a hint."""
    with pytest.raises(CatalogueError) as caught:
        catalogue_toml.load(folder)
    assert caught.value.hint
    assert str(caught.value) == f"{caught.value.file}: {caught.value.message}. {caught.value.hint}"
    return caught.value


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_is_rejected(fault: tuple[str, ...], tmp_path: Path) -> None:
    *rows, what = fault
    error = refusal(write_corpus(tmp_path, "\n".join(rows)))
    assert error.file == tmp_path / "catalogue.toml"
    assert what in error.message


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    types = (
        'heading = "T"\n', TITLE, field(name="a", label="A", role="other-title", weight="big"),
        field(name="b", kind="books"), '[[type]]\ncsl = "leaflet"\n',
    )  # fmt: skip
    text = str(refusal(write_corpus(tmp_path, "\n".join(types))))
    for what in (
        "unknown field `heading`. Use one of: title, description, field,",
        "field 2 (a), role: Invalid enum value 'other-title'. Use one of: title, type, abstract,",
        "field 2 (a), weight: Expected `float`, got `str`. See corpus/README.md",
        "field 3 (b): missing required field `label`",
        "field 3 (b), kind: Invalid enum value 'books'. Use one of: text, keyword, year,",
        "type 1, csl: Invalid enum value 'leaflet'. Use one of: ",
    ):
        assert what in text
    rows = (TITLE, field(name="Year", label="Y"), field(name="a", label="A", weight=-1))
    text = str(refusal(write_corpus(tmp_path, "\n".join(rows))))
    assert "the field name 'Year'" in text
    assert "the weight -1.0" in text


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_reserved_name_is_rejected(name: str, tmp_path: Path) -> None:
    error = refusal(write_corpus(tmp_path, TITLE + field(name=name, label="A")))
    assert f"the field name {name!r} is taken" in error.message


@pytest.mark.parametrize(
    ("regions", "what"),
    [
        ('[regions]\n"Europe" = ["FR"]\n', "'Europe' is not a value of 'region'"),
        ('[regions]\n"none" = ["FR"]\n', "'none' is reserved for a missing value"),
        ('[regions]\n"Asia" = "IN"\n', "Expected `array`"),
        ('"Asia" = ["IN"]\n', "Expected `object`"),
        ("[regions", "Expected ']'"),
    ],
    ids=["unknown region", "none", "no list", "no table", "no TOML"],
)
def test_fault_of_a_grouping_is_rejected(regions: str, what: str, tmp_path: Path) -> None:
    error = refusal(write_corpus(tmp_path, TITLE + REGION + COUNTRY, regions))
    assert error.file == tmp_path / "regions.toml"
    assert what in error.message


@pytest.mark.parametrize("missing", ["catalogue.toml", "regions.toml"])
def test_missing_file_is_named(missing: str, corpus: Path) -> None:
    (corpus / missing).unlink()
    error = refusal(corpus)
    assert error.file == corpus / missing
    assert missing in error.hint


def test_file_in_another_encoding_is_rejected(corpus: Path) -> None:
    (corpus / "catalogue.toml").write_bytes('title = "é"'.encode("latin-1"))
    assert "UTF-8" in refusal(corpus).hint


def test_rows_define_facets_and_searchable_fields(catalogue: Catalogue) -> None:
    """Facets are in order, a child is below its parent, and a weight makes a field searchable."""
    assert [field.name for field in catalogue.facets] == ["section", "region", "year", "language"]
    assert {name: child.name for name, child in catalogue.children.items()} == {"region": "country"}
    assert [field.name for field in catalogue.searchable] == [
        "title", "summary", "region", "country",
    ]  # fmt: skip
    date = catalogue.date_field
    assert date is not None
    assert date.name == "year"


def test_facets_are_ordered_by_their_number(tmp_path: Path) -> None:
    """A later field with a lower `facet` number comes first."""
    rows = [
        field(name=name, label=name, facet=place) for name, place in (("late", 2), ("early", 1))
    ]
    catalogue = catalogue_toml.load(write_corpus(tmp_path, "\n".join([TITLE, *rows])))
    assert [field.name for field in catalogue.facets] == ["early", "late"]


def test_child_is_part_of_its_parents_facet(tmp_path: Path) -> None:
    """A child is not a facet of its own, even if it has a `facet` number."""
    catalogue = catalogue_toml.load(
        write_corpus(tmp_path, TITLE + REGION + COUNTRY + "facet = 2\n")
    )
    assert [field.name for field in catalogue.facets] == ["region"]


def test_full_text_is_a_row_without_values(tmp_path: Path) -> None:
    head = 'files = "serve"\n'
    catalogue = catalogue_toml.load(write_corpus(tmp_path, head + TITLE + FULLTEXT))
    assert catalogue.files == "serve"
    assert catalogue.fulltext == catalogue.by_query_name["fulltext"]
    assert [row.name for row in catalogue.stored] == ["title"]
    assert "fulltext" not in catalogue.by_source_name
    written = catalogue_toml.format_toml(catalogue)
    (tmp_path / "catalogue.toml").write_text(written, encoding="utf-8")
    assert catalogue_toml.load(tmp_path) == catalogue


def test_role_without_a_row_is_none(tmp_path: Path) -> None:
    assert catalogue_toml.load(write_corpus(tmp_path, TITLE)).find_by_role("abstract") is None


def test_other_names_of_roles_are_replaced(tmp_path: Path) -> None:
    """The roles `summary` and `date` are the roles `abstract` and `issued` of CSL."""
    rows = (
        field(name="text", label="T", role="summary"),
        field(name="y", label="Y", kind="year", role="date"),
    )
    catalogue = catalogue_toml.load(write_corpus(tmp_path, TITLE + "".join(rows)))
    assert [field.role for field in catalogue.fields] == ["title", "abstract", "issued"]


def test_the_first_rule_that_applies_gives_the_type(tmp_path: Path) -> None:
    rules = (
        '[[type]]\ncsl = "broadcast"\nwhere.format = ["audio"]\nwhere.station = ["BBC", "RFI"]\n'
        '[[type]]\ncsl = "report"\nwhere.format = ["audio", "print"]\n'
    )
    rows = (field(name="format", label="F", several=True), field(name="station", label="S"), rules)
    catalogue = catalogue_toml.load(write_corpus(tmp_path, TITLE + "".join(rows)))

    def find_type(**values: tuple[str, ...]) -> str:
        location = SourceLocation("a.html", 1)
        return catalogue.find_type(Publication(id="a", title="A", source=location, values=values))

    assert find_type(format=("video", "audio"), station=("RFI",)) == "broadcast"
    assert find_type(format=("audio",), station=("ZDF",)) == "report"
    assert find_type(format=("audio",)) == "report"
    assert find_type(station=("BBC",)) == "document"
    written = catalogue_toml.format_toml(catalogue)
    (tmp_path / "catalogue.toml").write_text(written, encoding="utf-8")
    assert catalogue_toml.load(tmp_path).types == catalogue.types


def test_fields_have_source_names(catalogue: Catalogue) -> None:
    year = catalogue.by_name["year"]
    assert catalogue.by_source_name["datePublished"] is year
    assert catalogue.by_source_name["year"] is year
    assert year.source_name == "datePublished"
    assert catalogue.by_name["note"].source_name == "note"


def test_values_are_displayed(catalogue: Catalogue) -> None:
    assert catalogue.by_name["country"].display("IN") == "India"
    assert catalogue.by_name["language"].display("fr", "fr") == "français"
    assert catalogue.by_name["year"].display(2009) == "2009"
    link = catalogue.by_name["link"]
    assert link.display(Link("https://example.org/", "Here")) == "Here"
    assert link.display(Link("https://example.org/")) == "https://example.org/"


def stating(**values: tuple[str, ...]) -> Publication:
    return Publication(id="a", title="A", source=SourceLocation("a.html", 1), values=values)


def test_title_and_summary_are_read_like_other_fields(catalogue: Catalogue) -> None:
    """Title and summary are read like other fields, and an absent field has no values."""
    made = msgspec.structs.replace(stating(note=("x",)), summary="Short.")
    by_name = catalogue.by_name
    assert catalogue.get_values(made, by_name["title"]) == ("A",)
    assert catalogue.get_values(made, by_name["summary"]) == ("Short.",)
    assert catalogue.get_values(made, by_name["note"]) == ("x",)
    assert catalogue.get_values(stating(), by_name["summary"]) == ()
    assert catalogue.get_values(stating(), by_name["year"]) == ()


def test_ancestors_come_from_the_grouping(catalogue: Catalogue) -> None:
    """A country adds its region once, after the stated regions."""
    found = catalogue.with_ancestors(stating(country=("IN", "NP"), region=("Africa",)))
    assert found.values["region"] == ("Africa", "South Asia")
    assert found.values["country"] == ("IN", "NP")
    assert "region" not in catalogue.with_ancestors(stating(note=("x",))).values


def test_a_child_of_two_parents_adds_both(tmp_path: Path) -> None:
    regions = '[regions]\n"Asia" = ["TR"]\n"Africa" = ["TR"]\n'
    catalogue = catalogue_toml.load(write_corpus(tmp_path, TITLE + REGION + COUNTRY, regions))
    found = catalogue.with_ancestors(stating(country=("TR",)))
    assert found.values["region"] == ("Asia", "Africa")


def test_fingerprint_changes_with_every_part(catalogue: Catalogue) -> None:
    replace = msgspec.structs.replace
    heads = [
        replace(catalogue, title="Other"), replace(catalogue, description=""),
        replace(catalogue, language="fr"), replace(catalogue, publisher="UN"),
        replace(catalogue, source="2019"), replace(catalogue, notices=("New",)),
        replace(catalogue, publisher_site="un.org"), replace(catalogue, map_notice="As is."),
        replace(catalogue, contact="a@example.org"),
        replace(catalogue, types=(TypeRule("report"),)),
        replace(catalogue, examples=(("law", "laws"),)),
        replace(catalogue, groups={**catalogue.groups, "NG": ("South Asia",)}),
        replace(catalogue, fields=catalogue.fields[::-1]), replace(catalogue, files="serve"),
    ]  # fmt: skip
    other = Field(
        "other", "Other", kind="year", role="issued", weight=9.0, facet=9, fact=9, several=True,
        parent="a", grouping="b", qualifies="f", qualifier="g", values=("c",),
        order="descending", names=("d",), missing="e", detects=True,
        restricted=("h",), translates="i", language="j",
    )  # fmt: skip
    first, *rest = catalogue.fields
    changed = [replace(first, **{name: getattr(other, name)}) for name in first.__struct_fields__]
    assert all(each != first for each in changed)
    rows = [replace(catalogue, fields=(each, *rest)) for each in changed]
    prints = {each.fingerprint for each in [catalogue, *heads, *rows]}
    assert len(prints) == len([catalogue, *heads, *rows])


TEXT = st.text(max_size=20)
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True).filter(
    lambda name: name not in RESERVED_NAMES
)
ALLOWED = st.lists(TEXT.filter(lambda value: value != "none"), max_size=3).map(tuple)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    names = draw(st.lists(NAME, min_size=4, max_size=9, unique=True))
    rows = [Field(names[0], draw(TEXT), "text", role="title", weight=1.0, required=True)]
    rows += [draw(_rows(name, place)) for place, name in enumerate(names[3:], start=2)]
    groups: dict[str, tuple[str, ...]] = {}
    if draw(st.booleans()):
        parent, child = names[1], names[2]
        rows.append(Field(parent, draw(TEXT), facet=1, several=True))
        rows.append(Field(child, draw(TEXT), parent=parent, grouping="regions.toml"))
        groups = dict.fromkeys(draw(st.sets(st.sampled_from(("IN", "NP", "LK")))), ("Asia",))
    return Catalogue(
        title=draw(TEXT),
        description=draw(TEXT),
        fields=tuple(rows),
        language=draw(st.sampled_from(("en", "fr", "pt-BR"))),
        publisher=draw(TEXT),
        source=draw(TEXT),
        notices=tuple(draw(st.lists(TEXT, max_size=2))),
        examples=tuple(draw(st.lists(st.tuples(TEXT, TEXT), max_size=2))),
        groups=groups,
    )


def _rows(name: str, place: int) -> st.SearchStrategy[Field]:
    return st.builds(
        Field,
        name=st.just(name),
        label=TEXT,
        kind=st.sampled_from(("keyword", "year", "language", "country")),
        role=st.none(),
        weight=st.floats(0, 1e30),
        facet=st.sampled_from((None, place)),
        fact=st.sampled_from((None, place)),
        several=st.booleans(),
        parent=st.none(),
        grouping=st.none(),
        values=ALLOWED,
        order=st.sampled_from(("count", "listed", "descending")),
        required=st.booleans(),
        names=st.sampled_from(((), (f"{name}-é",), (f"{name}:x", f"{name}-2"))),
        missing=TEXT,
    )


@given(catalogues())
def test_a_written_catalogue_is_read_as_equal(catalogue: Catalogue) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "catalogue.toml").write_bytes(catalogue_toml.format_toml(catalogue).encode())
        children = json.dumps(list(catalogue.groups))
        (folder / "regions.toml").write_text(f"[regions]\nAsia = {children}\n", encoding="ascii")
        assert catalogue_toml.load(folder) == catalogue
