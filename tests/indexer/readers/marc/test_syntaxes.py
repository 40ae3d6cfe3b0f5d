"""MARC in XML, JSON, and MarcEdit's text form is read in the forms that programs write."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.marc.samples import LEADER, RIVERS, make_json, make_mrk, make_xml
from tests.indexer.readers.reading import choose, read_records

XML, MRK = make_xml(RIVERS), make_mrk(RIVERS)
ONE: dict[str, Any] = json.loads(make_json(RIVERS))[0]
SLIM = 'xmlns="http://www.loc.gov/MARC21/slim"'
COLLECTION = f'<?xml version="1.0"?>\n<collection {SLIM}>\n{XML}\n{XML}\n</collection>'
OAI = f"""<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>
<record><header status="deleted"><identifier>oai:a:0</identifier></header></record>
<record><header><identifier>oai:a:1</identifier><setSpec>x</setSpec></header><metadata>
{XML.replace("<record>", f"<record {SLIM}>")}</metadata></record>
</ListRecords></OAI-PMH>"""
PREFIXED = XML.replace("</", "<!/").replace("<", "<m:").replace("<m:!/", "</m:")
SRU = f"""<zs:searchRetrieveResponse xmlns:zs="http://docs.oasis-open.org/ns/search-ws/sruResponse">
<zs:records><zs:record><zs:recordData xmlns:m="http://www.loc.gov/MARC21/slim">{PREFIXED}
</zs:recordData></zs:record></zs:records></zs:searchRetrieveResponse>"""
WRAPPED = {
    "record": ("marcxml", XML), "collection": ("marcxml", COLLECTION), "OAI": ("marcxml", OAI),
    "SRU": ("marcxml", SRU), "mrk": ("mrk", f"{MRK}\n{MRK}"), "notes": ("mrk", f"A list\n\n{MRK}"),
    "list": ("marc-json", json.dumps([ONE, ONE], indent=1)),
    "lines": ("marc-json", f"{json.dumps(ONE)}\n{json.dumps(ONE)}\n"),
    "object": ("marc-json", json.dumps({"total": 2, "collection": [ONE, ONE]})),
    "parsed": ("marc-json", json.dumps({"records": [{"id": 1, "parsed": {"content": ONE}}] * 2})),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data"), WRAPPED.values(), ids=WRAPPED)
def test_records_are_found_in_wrappers(name: str, data: str) -> None:
    for filename in ("a.xml", "a.json", "a.txt", "a"):
        reader = choose(data, filename)
        assert reader
        assert name == reader.NAME
    expected, found = read_records(XML, "marcxml").columns(), read_records(data, name)
    assert len(found.records) == data.count("Cy,")
    for number in range(len(found.records)):
        columns = found.columns(number)
        assert {column: columns[column] for column in expected} == expected


@pytest.mark.parametrize(
    "data",
    [
        "<html><p>datafield</p></html>", "<record><title>A</title></record>", "=Title=\ntext\n",
        "245 pages\n100 lines\n", "= 245  x\n", '[{"title": "245", "fields": []}]',
        '{"leader": "Ada"}', 'x "245" "subfields":',
    ],
)  # fmt: skip
def test_other_files_are_not_recognized(data: str) -> None:
    found = choose(data)
    assert not found or found.NAME not in {"marcxml", "mrk", "marc-json"}


def test_header_of_oai_is_kept() -> None:
    found = read_records(OAI, "marcxml").columns()
    assert (found["header/identifier"], found["header/setSpec"]) == (["oai:a:1"], ["x"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Salt & Co", "Salt & Co"),
        ("Salt <i>and</i> sea", "Salt and sea"),
        ("Salt\n   and sea", "Salt and sea"),
        ("&#152;Das&#156; Salz", "Das Salz"),
    ],
)
def test_markup_in_a_value_is_read(value: str, text: str) -> None:
    found = read_records(XML.replace("Rivers of salt /", value), "marcxml").columns()
    assert (found["245$a"], found["245$c"]) == ([text], ["Ada Moss and Bo Lind"])


@pytest.mark.parametrize("tag", ["</subfield>", "</datafield>", "</record>"])
def test_a_broken_record_of_xml_does_not_affect_the_others(tag: str) -> None:
    broken = f"{XML}\n{XML.replace(tag, '', 1)}"
    found = read_records(COLLECTION.replace(XML, broken, 1), "marcxml")
    assert [found.columns(number) for number in (0, 1)] == [
        read_records(XML, "marcxml").columns()
    ] * 2
    line = COLLECTION[: COLLECTION.index(XML) + len(XML)].count("\n") + 2
    assert any(each.line == line and "no end tag" in each.what for each in found.problems)


@pytest.mark.parametrize("unit", ["<record ", "<record>", "<record><datafield ", "&", "<!--"])
@pytest.mark.slow
def test_a_hostile_file_is_read_within_seconds(unit: str) -> None:
    """A file with tags that never end is read within 20 s."""
    with limit_cpu_time(20):
        for data in (unit * 20_000, XML.replace("</leader>", "</leader>" + unit * 10_000)):
            choose(data)
            read_records("<record>" + data, "marcxml")


A, C = "Rivers of salt /", "Ada Moss."
CODED = [{"code": "a", "value": A}, {"code": "c", "value": C}]
DATA = [{"code": "a", "data": A}, {"code": "c", "data": C}]
FORMS: dict[str, object] = {
    "usual": [{"001": "x1"}, {"245": {"ind1": "1", "subfields": [{"a": A}, {"c": C}]}}],
    "objects": {"001": "x1", "245": [{"ind1": "1", "subfields": {"a": A, "c": C}}]},
    "tagged": [{"tag": "001", "value": "x1"}, {"tag": "245", "ind1": "1", "subfields": CODED}],
    "sierra": [{"tag": "001", "value": "x1"}, {"tag": "245", "data": {"subfields": DATA}}],
}  # fmt: skip


@pytest.mark.parametrize("fields", FORMS.values(), ids=FORMS)
def test_forms_of_json_have_the_same_columns(fields: object) -> None:
    data = json.dumps([{"leader": LEADER, "fields": fields}])
    reader = choose(data, "a.json")
    assert reader
    found = read_records(data, reader)
    assert found.columns() == {
        "leader": [LEADER], "001": ["x1"], "245$a": ["Rivers of salt"], "245$c": ["Ada Moss"],
        "leader/06-07": ["Book"],
    }  # fmt: skip
    groups = {prop.name: prop.group for prop in found.records[0].properties}
    assert groups["245$a"] == groups["245$c"] > groups["001"] == 0


def test_a_broken_record_of_json_does_not_affect_the_others() -> None:
    data = json.dumps([{"fields": []}, ONE, {"fields": [7, None, {"245": None}, ["x"]]}])
    found = read_records(data[:-1] + json.dumps(ONE)[:-30], "marc-json")
    assert found.columns()["001"] == ["ocm-77"]
    assert found.problems[0].what == "the MARC record has no fields"
    assert "ends within a record" in found.problems[-1].what


JSON = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["tag", "245", "subfields", "a", "code", "data"]), inner)
)  # fmt: skip


@given(JSON)
def test_arbitrary_values_of_json_raise_no_exception(value: object) -> None:
    read_records(json.dumps([{"leader": value, "fields": value}]), "marc-json")


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (
            "=245  \\0$aCaf{eacute} {uml}a {ydot} {dollar}5 {lcub}x{rcub} {AElig} {nothing}",
            {"245$a": ["Café ä ẏ $5 {x} Æ {nothing}"]},
        ),
        (
            "=520  \\\\$aRivers and\n  seas of salt.\n=500  \\\\$aB",
            {"520$a": ["Rivers and seas of salt."], "500$a": ["B"]},
        ),
        ("=245  10Salt roads", {"245": ["10Salt roads"]}),
        ("=245  10 Salt$$broads", {"245$?": ["Salt"], "245$b": ["roads"]}),
    ],
)
def test_lines_of_mrk_are_decoded(lines: str, columns: dict[str, list[str]]) -> None:
    """A backslash is a blank, names in braces are characters, and a field may have more lines."""
    found = read_records(f"=LDR  00000nam\\a22\n{lines}\n", "mrk").columns()
    assert found == {"leader": ["00000nam a22"], "leader/06-07": ["Book"], **columns}


def test_blank_lines_of_mrk_separate_records_without_leaders() -> None:
    found = read_records("=001  1\n=245  00$aA\n\n=001  2\n\n=245  00$aB\n", "mrk")
    lines = [(record.line, record.properties[0].value) for record in found.records]
    assert lines == [(1, "1"), (4, "2"), (6, "B")]
