"""The columns of MARC have the same names in every syntax."""

from __future__ import annotations

import pytest

from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers.formats.marc.codes import classify_role
from indexer.readers.formats.marc.punctuation import strip_punctuation
from tests.indexer.readers.marc.samples import (
    READERS,
    RIVERS,
    Fields,
    columns,
    make_binary,
    make_mrk,
    make_xml,
    read_records,
)
from tests.indexer.readers.streams import CATALOGUE

EXPECTED = {
    "001": ["ocm-77"],
    "008": ["990423s1999    nyua          001 0 eng d"],
    "100$a": ["Moss, Ada"],
    "100$d": ["1950-"],
    "245$a": ["Rivers of salt"],
    "245$c": ["Ada Moss and Bo Lind"],
    "260$a": ["Oslo"],
    "260$b": ["Fjord Press"],
    "260$c": ["1999"],
    "650$a": ["Rivers"],
    "650$x": ["History"],
    "650$z": ["Norway"],
    "700$a": ["Lind, Bo"],
    "700$e": ["author"],
    "700[editor]$a": ["Hay, Cy"],
    "700[editor]$e": ["editor"],
    "9a1$a": ["Local"],
    "leader/06-07": ["Book"],
    "008/07-10": ["1999"],
    "008/35-37": ["eng"],
}


def read_one(*fields: tuple[str, str], name: str = "marc") -> dict[str, list[str]]:
    """Return the columns of a binary record."""
    [record] = read_records(make_binary(list(fields)), name)
    return columns(record)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("marc", make_binary(RIVERS)),
        ("marcxml", make_xml(RIVERS)),
        ("marcxml", make_xml(RIVERS, "marc:")),
        ("mrk", make_mrk(RIVERS)),
    ],
)
def test_every_syntax_has_the_same_columns(name: str, data: bytes | str) -> None:
    """A record has the same columns and values in every syntax."""
    [record] = read_records(data, name)
    found = columns(record)
    assert found.pop("leader")[0][5:8] == "nam"
    assert found == EXPECTED


def map_rows(
    *fields: tuple[str, str], name: str = "marc", **rules: str
) -> dict[str, list[tuple[str, str | None]]]:
    """Return the values and their languages by row, by the default mapping and these rules."""
    [record] = read_records(make_binary(list(fields)), name)
    source = Source(file="*", format=name, fields=dict(rules))
    rows: dict[str, list[tuple[str, str | None]]] = {}
    for prop in Mapper(source, READERS[name], CATALOGUE).map(record).properties:
        rows.setdefault(prop.name, []).append((prop.value, prop.language))
    return rows


MEETING = "2 $aUN Conference on Water$n(2nd :$d1996 :$cOslo)."
UN_CONFERENCE = "UN Conference on Water (2nd : 1996 : Oslo)"


@pytest.mark.parametrize(
    ("row", "fields", "values"),
    [
        ("title", [("245", "10$aSalt :$ba tale.$n2,$pSeas /")], ["Salt : a tale. 2, Seas"]),
        ("authors", [("100", "1 $aMoss, Ada.")], ["Moss, Ada"]),
        ("authors", [("100", "1 $aPress, Frank")], ["{Press}, {Frank}"]),
        ("authors", [("110", "2 $aUN. ECWA.$bSecretary")], ["UN. ECWA. Secretary"]),
        ("authors", [("710", "2 $aUN. ECWA")], ["{UN. ECWA}"]),
        ("authors", [("711", MEETING)], [UN_CONFERENCE]),
        ("authors", [("700", "0 $aAda")], ["Ada"]),
        ("editors", [("700", "1 $aMoss, Ada,$eeditor.")], ["Moss, Ada"]),
        ("contributors", [("700", "1 $aMoss, Ada,$4trl")], ["Moss, Ada"]),
        ("subjects", [("650", " 0$aSalt$xTax$xLaw$zOslo.")], ["Salt -- Tax -- Law -- Oslo"]),
        ("subjects", [("653", "  $aSalt$aSea")], ["Salt", "Sea"]),
        ("subjects", [("610", "2 $aUN. ECWA.$xBudget")], ["UN. ECWA -- Budget"]),
        ("subjects", [("611", MEETING)], [UN_CONFERENCE]),
        ("language", [("041", "1 $aengfre")], ["en", "fr"]),
        ("summary", [("520", "  $aLong.$bLonger.")], ["Long. Longer."]),
        ("doi", [("024", "7 $a10.5555/x$2doi")], ["10.5555/x"]),
        ("pmid", [("024", "7 $a123456$2pmid")], ["123456"]),
        ("series", [("490", "1 $aSalt papers ;$v7")], ["Salt papers"]),
        ("extent", [("300", "  $a7 p. :$bmaps ;$c23 cm")], ["7 p."]),
        ("number", [("191", "  $aA/72/L.1"), ("088", "  $aR-7")], ["A/72/L.1", "R-7"]),
        ("call_number", [("050", "00$aHC415$b.R4"), ("082", "0 $a330.1")], ["HC415 .R4", "330.1"]),
        ("date", [("008", "180101e20180305xx")], ["2018-03-05"]),
    ],
)  # fmt: skip
def test_the_default_mapping_of_marc_21_feeds_the_rows(
    row: str, fields: Fields, values: list[str]
) -> None:
    """The default mapping of MARC 21 feeds the rows as a cataloguer expects."""
    assert [value for value, _ in map_rows(*fields)[row]] == values


@pytest.mark.parametrize(
    ("row", "fields", "values"),
    [
        ("title", [("200", "1 $aLe sel$eessai$hTome 2")], ["Le sel : essai. Tome 2"]),
        ("title", [("517", "1 $aLe sel")], ["Le sel"]),
        ("authors", [("700", " 1$aMoss$bAda$4070")], ["Moss, Ada"]),
        ("authors", [("701", " 0$aJean-Paul$dII")], ["{Jean-Paul II}"]),
        ("authors", [("710", "02$aOslo$bPort")], ["{Oslo. Port}"]),
        ("authors", [("710", "12$aCongrès$d3$f1999$eOslo")], ["Congrès. 3. 1999. Oslo"]),
        ("editors", [("702", " 1$aMoss$bAda$4340")], ["Moss, Ada"]),
        ("subjects", [("606", "  $aSel$xCommerce$yOslo")], ["Sel -- Commerce -- Oslo"]),
        ("summary", [("330", "  $aLong.")], ["Long."]),
        ("extent", [("215", "  $a7 p.$d23 cm")], ["7 p."]),
    ],
)  # fmt: skip
def test_the_default_mapping_of_unimarc_feeds_the_rows(
    row: str, fields: Fields, values: list[str]
) -> None:
    """The default mapping of UNIMARC feeds the rows as a cataloguer expects."""
    assert [value for value, _ in map_rows(*fields, name="unimarc")[row]] == values


NAMES: Fields = [
    ("880", "10$6245-01/(3/r$aتقرير"), ("246", "1 $aReport on water"), ("130", "0 $aReports"),
    ("730", "0 $aYearbook"), ("191", "  $aE/ESCWA/2018/1"), ("099", "  $aDIG 7"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_whatever_names_a_record_is_its_title(number: int) -> None:
    """Without a title proper, the title is the first of its variants, and at last the symbol."""
    found = map_rows(*reversed(NAMES[number:]))["title"]
    assert found[0][0] == NAMES[number][1].split("$a")[1]


def test_variants_of_a_title_have_their_language() -> None:
    """The title in its original script has the language of the record, a translation its own."""
    title = ("245", "10$6880-01$aTaqrir"), ("242", "00$aA report$yeng")
    rows = map_rows(("008", RIVERS[1][1].replace("eng", "ara")), *title, *NAMES)
    assert rows["title"] == [("Taqrir", None)]
    variants = [("تقرير", "ar"), ("Report on water", None), ("A report", "en")]
    assert set(rows["other_titles"]) >= set(variants)


def test_a_rule_replaces_the_default_mapping() -> None:
    """A template of `sources.toml` says what the names of a field are, whatever their role."""
    rows = map_rows(("710", "2 $aUN. ECWA"), contributors="{{{710$a}}}", authors="100$a")
    assert rows["contributors"] == [("{UN. ECWA}", None)]
    assert "authors" not in rows


def test_a_link_to_the_full_text_comes_first() -> None:
    """The main link is one to the work, its full text if there is one. No cover is a link."""
    rows = map_rows(
        ("020", "  $a9789210542135$0https://isbn.example/1"),
        ("856", "42$uhttps://a.example/cover.jpg$3Cover image"),
        ("856", "42$uhttps://a.example/about"),
        ("856", "40$uhttps://a.example/record$yEnglish"),
        ("856", "40$uhttps://a.example/file.pdf$yالعربية"),
    )
    assert rows["link"] == [
        ("https://a.example/file.pdf", "ar"), ("https://a.example/about", None),
        ("https://a.example/record", "en"),
    ]  # fmt: skip
    photograph = map_rows(("856", "40$uhttps://a.example/photo.jpg"))
    assert photograph["link"] == [("https://a.example/photo.jpg", None)]


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("vol. 3, no. 2, p. 5-10", {"volume": "3", "issue": "2", "pages": "5-10"}),
        ("Bd. 12 (1998), S. 4\u20139", {"volume": "12", "pages": "4\u20139"}),
        ("volume:14$gnumber:3$gpages:127-133", {"volume": "14", "issue": "3", "pages": "127-133"}),
        ("Summer", {"notes": "Summer"}),
    ],
)
def test_the_place_in_a_host_item_has_parts(place: str, parts: dict[str, str]) -> None:
    """Volume, issue, and pages are parts of one text in 773 $g. Any other text is a note."""
    rows = map_rows(("245", "00$aX"), ("773", f"0 $tSea$g{place}"))
    found = {row: rows[row][0][0] for row in ("volume", "issue", "pages", "notes") if row in rows}
    assert found == parts


def test_subfields_of_a_field_share_a_group() -> None:
    """The subfields of a field share a group. Control fields have group 0."""
    [record] = read_records(make_binary(RIVERS), "marc")
    groups = {prop.name: prop.group for prop in record.properties}
    assert groups["650$a"] == groups["650$x"] == groups["650$z"] > 0
    assert groups["650$a"] != groups["700$a"] != groups["700[editor]$a"]
    assert groups["001"] == groups["leader"] == groups["008/07-10"] == 0


@pytest.mark.parametrize(
    ("relators", "role"),
    [
        ((), ""),
        (("aut",), ""),
        (("edt",), "editor"),
        (("http://id.loc.gov/vocabulary/relators/edt",), "editor"),
        (("HerausgeberIn",), "editor"),
        (("sous la direction de",), "editor"),
        (("editor, author",), ""),
        (("translator.",), "contributor"),
        (("340",), "editor"),
        (("0070",), ""),
        (("Verfasser",), ""),
    ],
)
def test_relators_decide_the_role(relators: tuple[str, ...], role: str) -> None:
    """Codes and terms decide whether a person is an author, an editor, or a contributor."""
    assert classify_role(relators) == role


def test_authors_of_other_works_have_their_own_columns() -> None:
    """An added entry with a title names the author of another work, so it has other columns."""
    found = read_one(("700", "12$aIbsen, Henrik.$tBrand."), ("710", "2 $aTown of Oslo."))
    assert found["700[work]$a"] == ["Ibsen, Henrik"]
    assert found["710$a"] == ["Town of Oslo"]


def test_added_names_of_edited_volumes_are_editors() -> None:
    """Without a main author, added persons are editors if the statement names editors."""
    title, added = ("245", "00$aSongs /$cedited by Bo Lind."), ("700", "1 $aLind, Bo.")
    assert read_one(title, added)["700[editor]$a"] == ["Lind, Bo"]
    assert read_one(("100", "1 $aMoss, Ada."), title, added)["700$a"] == ["Lind, Bo"]


def test_forenames_have_their_own_column() -> None:
    """A forename is a whole name, so it has its own column and is not split."""
    assert read_one(("100", "0 $aJohn$bII,$cPope"))["100[forename]$a"] == ["John"]
    assert read_one(("100", "0 $aMoss, Ada"))["100$a"] == ["Moss, Ada"]


def test_other_scripts_keep_their_link() -> None:
    """The columns of a field 880 have the linked tag in brackets, and no language."""
    [record] = read_records(
        make_binary([("245", "10$6880-01$aMir."), ("880", "10$6245-01/(N$aМир.")]), "marc"
    )
    found = {prop.name: prop for prop in record.properties}
    assert found["880[245]$a"].value == "Мир"
    assert found["880[245]$a"].language is None
    assert found["880[245]$6"].value == "245-01/(N"


def test_copyright_years_have_their_own_column() -> None:
    """A copyright year is not in the column of the publication year."""
    found = read_one(("264", " 1$c[2004]"), ("264", " 4$c©2003"))
    assert (found["264$c"], found["264[copyright]$c"]) == (["[2004]"], ["©2003"])


def test_dois_have_their_own_column() -> None:
    """A DOI is not in the column of other standard numbers."""
    found = read_one(("024", "7 $a10.5555/x$2doi"), ("024", "7 $aurn:x$2urn"))
    assert (found["024[doi]$a"], found["024$a"]) == (["10.5555/x"], ["urn:x"])


@pytest.mark.parametrize(
    ("imprint", "year"),
    [("[1999?]", "1999"), ("2001.", None), ("1419 [1999 or 2000]", "1999"), ("5759.", "1999")],
)
def test_coded_years_must_agree_with_the_imprint(imprint: str, year: str | None) -> None:
    """The coded year is used, unless the imprint has only other Gregorian years."""
    found = read_one(("008", RIVERS[1][1]), ("260", f"  $c{imprint}"))
    assert found.get("008/07-10") == (year and [year])


@pytest.mark.parametrize("language", ["und", "   ", "|||", "zxx", "12a"])
def test_unknown_languages_have_no_column(language: str) -> None:
    """A code that is not a language has no column of its own."""
    value = RIVERS[1][1].replace("eng", language)
    assert "008/35-37" not in read_one(("008", value), ("245", "00$aX"))


def test_unimarc_has_its_own_columns() -> None:
    """The columns of UNIMARC have the year of field 100, and roles by $4."""
    fields: Fields = [
        ("100", "  $a20040315d2003    k  y0frey0103    ba"),
        ("200", "1 $aLe sel$esept essais$fAda Moss"),
        ("210", "  $aParis$cLune$dDL 2003"),
        ("700", " 1$aMoss$bAda$4070"),
        ("702", " 1$aLind$bBo$4730"),
        ("702", " 1$aHay$bCy$4340"),
    ]
    found = read_one(*fields, name="unimarc")
    assert found["100$a/09-12"] == ["2003"]
    assert found["700$a"] == ["Moss"]
    assert found["702[contributor]$a"] == ["Lind"]
    assert found["702[editor]$a"] == ["Hay"]


@pytest.mark.parametrize(
    ("tag", "code", "before", "after"),
    [
        ("245", "a", "Salt /", "Salt"),
        ("245", "a", "Salt:", "Salt"),
        ("245", "a", "Salt =", "Salt"),
        ("245", "b", "from A to B.", "from A to B."),
        ("245", "a", "Salt.", "Salt"),
        ("245", "a", "Salt ...", "Salt ..."),
        ("100", "a", "Moss, A. B.", "Moss, A. B."),
        ("100", "c", "Jr.", "Jr."),
        ("260", "c", "1999.", "1999"),
        ("300", "a", "289 p. ;", "289 p."),
        ("300", "c", "23 cm.", "23 cm."),
        ("700", "4", "aut.", "aut."),
        ("773", "t", "Either/", "Either/"),
        ("711", "n", "(2nd :", "(2nd :"),
        ("880", "a", "盐的河流 ／", "盐的河流"),
    ],
)
def test_isbd_punctuation_is_removed(tag: str, code: str, before: str, after: str) -> None:
    """Marks before the next subfield are removed. Periods of abbreviations stay."""
    assert strip_punctuation(tag, code, before) == after


def test_urls_are_unchanged() -> None:
    """A URL keeps a slash or a period at its end."""
    assert read_one(("856", "40$uhttps://a.example/x/."))["856$u"] == ["https://a.example/x/."]


def test_control_characters_around_articles_are_removed() -> None:
    """Control characters around a non-sorting article are removed."""
    assert read_one(("245", "10$a\x98Die\x9c Salze"))["245$a"] == ["Die Salze"]
