"""The columns of MARC have the same names in every syntax."""

from __future__ import annotations

import pytest

from indexer.catalogue.records import Property
from indexer.mapping import templates
from indexer.readers.formats.marc.punctuation import strip_punctuation
from indexer.readers.formats.marc.roles import classify
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


def map_row(name: str, row: str, *fields: tuple[str, str]) -> list[str]:
    """Return the values of a row by the default mapping of a reader."""
    [record] = read_records(make_binary(list(fields)), name)
    by_column: dict[str, list[Property]] = {}
    for prop in record.properties:
        by_column.setdefault(prop.name, []).append(prop)
    return [
        prop.value
        for specification in READERS[name].FIELDS[row]
        for template in templates.parse(specification)
        for prop in template.evaluate(by_column)
    ]


@pytest.mark.parametrize(
    ("row", "fields", "values"),
    [
        ("title", [("245", "10$aSalt :$ba tale.$n2,$pSeas /")], ["Salt : a tale. 2, Seas"]),
        ("authors", [("100", "1 $aMoss, Ada.")], ["Moss, Ada"]),
        ("authors", [("110", "1 $aOslo.$bPort.$bSalt Office.")], ["{Oslo. Port. Salt Office}"]),
        ("authors", [("700", "0 $aAda")], ["{Ada}"]),
        ("editors", [("700", "1 $aMoss, Ada,$eeditor.")], ["Moss, Ada"]),
        ("contributors", [("700", "1 $aMoss, Ada,$4trl")], ["Moss, Ada"]),
        ("subjects", [("650", " 0$aSalt$xTax$xLaw$zOslo.")], ["Salt -- Tax -- Law -- Oslo"]),
        ("subjects", [("653", "  $aSalt$aSea")], ["Salt", "Sea"]),
        ("language", [("041", "1 $aengfre")], ["engfre"]),
        ("summary", [("520", "  $aLong.$bLonger.")], ["Long. Longer."]),
        ("other_titles", [("880", "10$6245-01$aМир /")], ["Мир"]),
        ("doi", [("024", "7 $a10.5555/x$2doi")], ["10.5555/x"]),
        ("series", [("490", "1 $aSalt papers ;$v7")], ["Salt papers"]),
    ],
)  # fmt: skip
def test_the_default_mapping_of_marc_21_feeds_the_rows(
    row: str, fields: Fields, values: list[str]
) -> None:
    """The default mapping of MARC 21 feeds the rows as a cataloguer expects."""
    assert map_row("marc", row, *fields) == values


@pytest.mark.parametrize(
    ("row", "fields", "values"),
    [
        ("title", [("200", "1 $aLe sel$eessai$hTome 2")], ["Le sel : essai. Tome 2"]),
        ("authors", [("700", " 1$aMoss$bAda$4070")], ["Moss, Ada"]),
        ("authors", [("710", "02$aOslo$bPort")], ["{Oslo. Port}"]),
        ("editors", [("702", " 1$aMoss$bAda$4340")], ["Moss, Ada"]),
        ("subjects", [("606", "  $aSel$xCommerce$yOslo")], ["Sel -- Commerce -- Oslo"]),
        ("summary", [("330", "  $aLong.")], ["Long."]),
    ],
)
def test_the_default_mapping_of_unimarc_feeds_the_rows(
    row: str, fields: Fields, values: list[str]
) -> None:
    """The default mapping of UNIMARC feeds the rows as a cataloguer expects."""
    assert map_row("unimarc", row, *fields) == values


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
    assert classify(relators) == role


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
