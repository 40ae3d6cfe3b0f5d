"""Values are changed as `sources.toml` asks, in bounded time."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import toml
from indexer.mapping.sources import MAX_CHARS, Change
from tests.conftest import ROOT
from tests.indexer.mapping.test_mapper import apply, make_mapper

EXAMPLES = re.findall(
    r"^\| `(\{ [^|]*? \})` \| `([^|`]*)` \| (?:`([^|`]*)`|nothing) \|$",
    (ROOT / "docs" / "import.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def read_change(text: str) -> Change:
    """Return the change that a line of TOML describes."""
    change = msgspec.convert(toml.parse(f"change = {text}")["change"], Change)
    assert not [*change.find_faults()]
    return change


def test_the_documents_have_an_example_of_each_change() -> None:
    """docs/import.md has an example of each key of a change."""
    keys = {key for change, _, _ in EXAMPLES for key in re.findall(r"(\w+) =", change)}
    assert keys == {*Change.__struct_fields__}


@pytest.mark.parametrize(("change", "before", "after"), EXAMPLES)
def test_the_examples_of_the_documents_are_true(change: str, before: str, after: str) -> None:
    """Each example in docs/import.md has the result that it states."""
    assert read_change(change).apply(before) == after


def test_changes_apply_to_each_value_in_their_order() -> None:
    """A row is split first. Then each of its values is changed, and dropped if nothing is left."""
    mapper = make_mapper(
        fields={"subjects": "KW"}, split={"subjects": ";"},
        change={"subjects": (
            Change(remove_prefix="$a"), Change(replace=r"\s*--\s*", by=" / "), Change(case="upper"),
        )},
    )  # fmt: skip
    assert apply(mapper, ("KW", "$aSalt--Roads; $a ;$aSea")) == {
        "subjects": ["SALT / ROADS", "SEA"]
    }


def test_changes_state_a_body() -> None:
    """Changes mend the name of a body that is written with its subfields, and state that it is."""
    changes = (
        Change(remove_prefix="$a"), Change(replace=r":?\$b", by=" "),
        Change(replace="^.*$", by=r"{\0}"),
    )  # fmt: skip
    mapper = make_mapper(fields={"authors": "710"}, change={"authors": changes})
    assert apply(mapper, ("710", "$aSalt Isles.:$bChief Editor")) == {
        "authors": ["{Salt Isles. Chief Editor}"]
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({}, "it has the keys "),
        ({"case": "upper", "extract": "a"}, "it has the keys extract, case"),
        ({"case": "upper", "by": "a"}, "it has the keys case"),
        ({"replace": "("}, "is not a pattern of RE2: missing )"),
        ({"extract": "(?=a)"}, "is not a pattern of RE2"),
        ({"extract": "(a{1000}){1000}"}, "is not a pattern of RE2"),
        ({"extract": "a" * 201}, "is too long"),
        ({"replace": "a", "by": r"\1"}, "names a group that 'a' lacks"),
    ],
)
def test_a_faulty_change_is_named(change: dict[str, str], what: str) -> None:
    """A change with too many keys, or a pattern that can't be used, is a fault."""
    faults = [message for message, _ in Change(**change).find_faults()]  # type: ignore[arg-type]
    assert any(what in message for message in faults)


@given(st.text(max_size=60), st.text(max_size=20), st.text("a.*+?()[]|\\1^$", max_size=12))
def test_any_valid_change_returns_a_text(text: str, by: str, pattern: str) -> None:
    """A change without faults never raises, whatever the text is."""
    for change in (Change(replace=pattern, by=by), Change(extract=pattern)):
        if not [*change.find_faults()]:
            assert isinstance(change.apply(text), str)


def test_a_long_text_is_not_matched() -> None:
    """Patterns leave a text that is too long as it is."""
    long = "a" * (MAX_CHARS + 1)
    assert Change(replace="a", by="b").apply(long) == long
    assert Change(extract="a").apply(long) == long
    assert Change(replace="a", by="b").apply("a" * 101) == "b" * 100 + "a"


def test_changes_may_not_multiply_a_record() -> None:
    """Many rows that make long values of one column are cut, as those of templates are."""
    changes = {"notes": (Change(replace="a", by="b" * 200),)}
    mapper = make_mapper(fields={"notes": "N"}, change=changes)
    found = apply(mapper, *[("N", "a" * 1000)] * 60)
    assert mapper.cut_rows == {"notes"}
    assert len(found["notes"]) == 47
