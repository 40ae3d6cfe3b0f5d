"""The columns of MARC have the same names in every syntax."""

import pytest

from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers.formats.marc.properties import classify_role, strip_punctuation
from tests.indexer.readers.marc.samples import (
    RIVERS,
    Fields,
    make_binary,
    make_json,
    make_mrk,
    make_xml,
)
from tests.indexer.readers.reading import CATALOGUE, find_reader, read_records

EXPECTED = {
    "001": ["ocm-77"], "008": ["990423s1999    nyua          001 0 eng d"],
    "100$a": ["Moss, Ada"], "100$d": ["1950-"],
    "245$a": ["Rivers of salt"], "245$c": ["Ada Moss and Bo Lind"],
    "260$a": ["Oslo"], "260$b": ["Fjord Press"], "260$c": ["1999"],
    "650$a": ["Rivers"], "650$x": ["History"], "650$z": ["Norway"],
    "700$a": ["Lind, Bo"], "700$e": ["author"],
    "700[editor]$a": ["Hay, Cy"], "700[editor]$e": ["editor"],
    "9a1$a": ["Local"],
    "leader/06-07": ["Book"], "008/07-10": ["1999"], "008/35-37": ["eng"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("marc", make_binary(RIVERS)), ("marcxml", make_xml(RIVERS)), ("mrk", make_mrk(RIVERS)),
        ("marc-json", make_json(RIVERS)),
    ],
)  # fmt: skip
def test_every_syntax_has_the_same_columns(name: str, data: bytes | str) -> None:
    found = read_records(data, name)
    columns = found.columns()
    assert columns.pop("leader")[0][5:8] == "nam"
    assert columns == EXPECTED
    assert not found.problems


def map_fields(
    *fields: tuple[str, str], name: str = "marc", **rules: str
) -> dict[str, list[tuple[str, str | None]]]:
    reader = find_reader(name)
    [record], _ = read_records(make_binary(list(fields)), reader)
    source = Source(file="*", format=name, fields=dict(rules))
    found: dict[str, list[tuple[str, str | None]]] = {}
    for prop in Mapper(source, reader, CATALOGUE).map(record).properties:
        found.setdefault(prop.name, []).append((prop.value, prop.language))
    return found


MEETING = "2 $aUN Conference on Water$n(2nd :$d1996 :$cOslo)."
UN_CONFERENCE = "UN Conference on Water (2nd : 1996 : Oslo)"


MARC_21: list[tuple[str, Fields, list[str]]] = [
    ("title", [("245", "10$aSalt :$ba tale.$n2,$pSeas /")], ["Salt : a tale. 2, Seas"]),
    ("other_titles",
     [("245", "10$aS"), ("246", "1 $aملح$bدرب$aСоль"), ("880", "1 $6246-01$a盐$a塩の道")],
     ["ملح : درب", "Соль", "盐", "塩の道"]),
    ("authors", [("100", "1 $aMoss, Ada.")], ["Moss, Ada"]),
    ("authors", [("100", "1 $aPress, Frank")], ["{Press}, {Frank}"]),
    ("authors", [("110", "2 $aUN. ECWA.$bSecretary")], ["UN. ECWA. Secretary"]),
    ("authors", [("710", "2 $aUN. ECWA")], ["{UN. ECWA}"]),
    ("authors", [("710", "1 $aPort.$b(2nd sess. :$d1999)")], ["Port (2nd sess. : 1999)"]),
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
]  # fmt: skip
UNIMARC: list[tuple[str, Fields, list[str]]] = [
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
    ("year", [("100", "  $a20040315d2003    k  y0frey0103    ba")], ["2003"]),
    ("contributors", [("702", " 1$aLind$bBo$4730")], ["Lind, Bo"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "field", "fields", "values"),
    [("marc", *case) for case in MARC_21] + [("unimarc", *case) for case in UNIMARC],
)
def test_the_default_mapping_feeds_the_fields(
    name: str, field: str, fields: Fields, values: list[str]
) -> None:
    """The default mappings of MARC 21 and UNIMARC feed the fields as a cataloguer expects."""
    assert [value for value, _ in map_fields(*fields, name=name)[field]] == values


NAMES: Fields = [
    ("880", "10$6245-01/(3/r$aتقرير"), ("246", "1 $aReport on water"), ("130", "0 $aReports"),
    ("730", "0 $aYearbook"), ("191", "  $aE/ESCWA/2018/1"), ("099", "  $aDIG 7"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_whatever_names_a_record_is_its_title(number: int) -> None:
    found = map_fields(*reversed(NAMES[number:]))["title"]
    assert found[0][0] == NAMES[number][1].split("$a")[1]


def test_variants_of_a_title_have_their_language() -> None:
    title = ("245", "10$6880-01$aTaqrir"), ("242", "00$aA report$yeng")
    fields = map_fields(("008", RIVERS[1][1].replace("eng", "ara")), *title, *NAMES)
    assert fields["title"] == [("Taqrir", None)]
    variants = [("تقرير", "ar"), ("Report on water", None), ("A report", "en")]
    assert set(fields["other_titles"]) >= set(variants)


def test_a_rule_replaces_the_default_mapping() -> None:
    """A template of `sources.toml` says what the names of a field are, whatever their role."""
    fields = map_fields(("710", "2 $aUN. ECWA"), contributors="{{{710$a}}}", authors="100$a")
    assert fields["contributors"] == [("{UN. ECWA}", None)]
    assert "authors" not in fields


def test_a_link_to_the_full_text_comes_first() -> None:
    fields = map_fields(
        ("020", "  $a9789210542135$0https://isbn.example/1"),
        ("856", "42$uhttps://a.example/cover.jpg$3Cover image"),
        ("856", "42$uhttps://a.example/about"),
        ("856", "40$uhttps://a.example/record$yEnglish"),
        ("856", "40$uhttps://a.example/file.pdf$yالعربية"),
    )
    assert fields["link"] == [
        ("https://a.example/file.pdf", "ar"), ("https://a.example/about", None),
        ("https://a.example/record", "en"),
    ]  # fmt: skip
    photograph = map_fields(("856", "40$uhttps://a.example/photo.jpg"))
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
    fields = map_fields(("245", "00$aX"), ("773", f"0 $tSea$g{place}"))
    found = {
        field: fields[field][0][0]
        for field in ("volume", "issue", "pages", "notes")
        if field in fields
    }
    assert found == parts


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
    assert classify_role(relators) == role


EDITED = ("245", "00$aSongs /$cedited by Bo Lind.")
LIND = ("700", "1 $aLind, Bo.")
FORENAME = ("100", "0 $aJohn$bII,$cPope")
CYRILLIC = ("880", "10$6245-01/(N$aМир.")


@pytest.mark.parametrize(
    ("fields", "columns"),
    [
        ([("700", "12$aIbsen, Henrik.$tBrand.")], {"700[work]$a": "Ibsen, Henrik"}),
        ([("710", "2 $aTown of Oslo.")], {"710$a": "Town of Oslo"}),
        ([EDITED, LIND], {"700[editor]$a": "Lind, Bo"}),
        ([("100", "1 $aMoss, Ada."), EDITED, LIND], {"700$a": "Lind, Bo"}),
        ([FORENAME], {"100[forename]$a": "John"}),
        ([("100", "0 $aMoss, Ada")], {"100$a": "Moss, Ada"}),
        ([CYRILLIC], {"880[245]$a": "Мир", "880[245]$6": "245-01/(N"}),
        ([("264", " 1$c[2004]"), ("264", " 4$c©2003")],
         {"264$c": "[2004]", "264[copyright]$c": "©2003"}),
        ([("024", "7 $a10.5555/x$2doi"), ("024", "7 $aurn:x$2urn")],
         {"024[doi]$a": "10.5555/x", "024$a": "urn:x"}),
        ([("856", "40$uhttps://a.example/x/.")], {"856$u": "https://a.example/x/."}),
        ([("245", "10$a\x98Die\x9c Salze")], {"245$a": "Die Salze"}),
    ],
)  # fmt: skip
def test_what_decides_the_meaning_of_a_field_is_in_its_column(
    fields: Fields, columns: dict[str, str]
) -> None:
    """Roles, works, kinds of imprints, scripts, and sources of numbers are in brackets.

    Without a main author, added persons are editors if the statement names editors.
    """
    found = read_records(make_binary(fields), "marc").columns()
    assert {name: found.get(name) for name in columns} == {
        name: [value] for name, value in columns.items()
    }


@pytest.mark.parametrize(
    ("imprint", "year"),
    [("[1999?]", "1999"), ("2001.", None), ("1419 [1999 or 2000]", "1999"), ("5759.", "1999")],
)
def test_coded_years_must_agree_with_the_imprint(imprint: str, year: str | None) -> None:
    """The coded year is used, unless the imprint has only other Gregorian years."""
    found = read_records(make_binary([RIVERS[1], ("260", f"  $c{imprint}")]), "marc").columns()
    assert found.get("008/07-10") == (year and [year])


@pytest.mark.parametrize("language", ["und", "   ", "|||", "zxx", "12a", " en"])
def test_unknown_languages_have_no_column(language: str) -> None:
    value = RIVERS[1][1].replace("eng", language)
    assert "008/35-37" not in read_records(make_binary([("008", value)]), "marc").columns()


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
    assert strip_punctuation(tag, code, before) == after
