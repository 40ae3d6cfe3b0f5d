"""MARC in JSON is read in all its forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Problem
from indexer.readers.formats.marc import json as marc_json
from tests.indexer.readers.marc.samples import (
    READERS,
    choose,
    columns,
    read,
    read_records,
)

LEADER = "00000nam a2200000 a 4500"
TITLE = {"ind1": "1", "ind2": "0", "subfields": [{"a": "Rivers of salt /"}, {"c": "Ada Moss."}]}
ONE: dict[str, Any] = {"leader": LEADER, "fields": [{"001": "x1"}, {"245": TITLE}]}
OBJECTS = {
    "leader": LEADER,
    "fields": {
        "001": "x1",
        "245": [{"ind1": "1", "subfields": {"a": "Rivers of salt", "c": "Ada Moss"}}],
    },
}
TAGGED = {
    "leader": LEADER,
    "fields": [
        {"tag": "001", "value": "x1"},
        {
            "tag": "245",
            "indicators": ["1", "0"],
            "subfields": [
                {"code": "a", "value": "Rivers of salt /"},
                {"code": "c", "value": "Ada Moss."},
            ],
        },
    ],
}
OLD = {
    "leader": LEADER,
    "controlfield": [{"tag": "001", "data": "x1"}],
    "datafield": [
        {
            "tag": "245",
            "ind": "10",
            "subfield": [
                {"code": "a", "data": "Rivers of salt /"},
                {"code": "c", "data": "Ada Moss."},
            ],
        }
    ],
}
SIERRA = {
    "leader": LEADER,
    "fields": [
        {"tag": "001", "value": "x1"},
        {
            "tag": "245",
            "data": {
                "ind1": "1",
                "subfields": [
                    {"code": "a", "data": "Rivers of salt /"},
                    {"code": "c", "data": "Ada Moss."},
                ],
            },
        },
    ],
}
CATMANDU = {
    "_id": "x1",
    "record": [
        ["LDR", None, None, "_", LEADER],
        ["001", None, None, "_", "x1"],
        ["245", "1", "0", "a", "Rivers of salt /", "c", "Ada Moss."],
    ],
}
FORMS = {
    "usual": ONE, "objects": OBJECTS, "tagged": TAGGED, "old": OLD, "sierra": SIERRA,
    "catmandu": CATMANDU,
}  # fmt: skip
WRAPPERS: dict[str, Any] = {
    "list": json.dumps([ONE, ONE], indent=1),
    "lines": f"{json.dumps(ONE)}\n{json.dumps(ONE)}\n",
    "glued": json.dumps(ONE) * 2,
    "collection": json.dumps({"total": 2, "collection": [ONE, ONE]}),
    "parsed": json.dumps({"records": [{"id": 1, "parsed": {"content": ONE}}] * 2}),
    "mark": "\ufeff" + json.dumps([ONE, ONE]),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_have_the_same_columns(form: str) -> None:
    """Fields below their tag, with a tag, or as lists give the same record."""
    data = json.dumps([FORMS[form]])
    assert choose(data, "a.json") == choose(data, "a.txt") == "marc-json"
    [record] = read_records(data, "marc-json")
    found = columns(record)
    assert found["leader"] == [LEADER]
    assert (found["001"], found["245$a"]) == (["x1"], ["Rivers of salt"])
    assert found["245$c"] == ["Ada Moss"]
    groups = {prop.name: prop.group for prop in record.properties}
    assert groups["245$a"] == groups["245$c"] > groups["001"] == 0


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_records_are_found_in_wrappers(wrapper: str) -> None:
    """Records are in a list, on lines, or in an object."""
    assert choose(WRAPPERS[wrapper]) == "marc-json"
    assert [columns(record)["001"] for record in read_records(WRAPPERS[wrapper], "marc-json")] == [
        ["x1"], ["x1"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    ["", "{}", '[{"title": "x", "fields": []}]', '{"leader": "Ada"}', 'x "leader" "subfields"'],
)
def test_other_files_are_not_recognized(data: str) -> None:
    """Other JSON is not recognized as MARC."""
    assert marc_json.detect("a.json", data.encode()) is None


def test_a_broken_record_does_not_affect_the_others() -> None:
    """A record that is truncated or is not MARC is reported. The others are kept."""
    data = json.dumps([{"fields": []}, ONE, {"fields": [7, None, {"245": None}, ["x"]]}])
    first, second, *_ = read(data[:-1] + json.dumps(ONE)[:-30], READERS["marc-json"])
    assert isinstance(first, Problem)
    assert columns(second)["001"] == ["x1"]
    problems = read(json.dumps(ONE) + json.dumps(ONE)[:-30], READERS["marc-json"])
    assert "ends within a record" in str(problems[-1])


JSON = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["tag", "245", "subfields", "a", "code", "data"]), inner)
)  # fmt: skip


@given(JSON)
def test_arbitrary_values_raise_no_exception(value: object) -> None:
    """Fields of any shape give only records and problems."""
    for key in ("fields", "datafield", "record"):
        read(json.dumps([{"leader": value, key: value}]), READERS["marc-json"])
