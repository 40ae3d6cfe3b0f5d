"""A column specification is a column, a template of columns, or alternatives of these."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Property
from indexer.mapping import templates

NAMES = st.text() | st.text(alphabet="{}|[]., ab\n")
"""Column names, many of them with the special characters of a specification."""


def evaluate(specification: str, *properties: Property) -> list[str]:
    columns: dict[str, list[Property]] = {}
    for prop in properties:
        columns.setdefault(prop.name, []).append(prop)
    for template in templates.parse(specification):
        if selected := [prop.value for prop in template.evaluate(columns)]:
            return selected
    return []


@given(NAMES)
def test_an_escaped_name_selects_that_column_alone(name: str) -> None:
    assert templates.list_columns(templates.escape(name)) == [name]
    assert evaluate(templates.escape(name), Property(name, "value")) == ["value"]


@given(NAMES, NAMES)
def test_escaped_names_can_be_alternatives(one: str, other: str) -> None:
    specification = f"{templates.escape(one)} | {templates.escape(other)}"
    assert templates.list_columns(specification) == [one.strip(), other.strip()]


@given(NAMES)
def test_any_text_is_a_specification(text: str) -> None:
    alternatives = templates.parse(text)
    assert alternatives
    for template in alternatives:
        assert template.columns
        assert len(template.texts) == len(template.columns) + 1


THREE = "<{a}, {b}; {c}>"


@pytest.mark.parametrize(
    ("specification", "values", "expected"),
    [
        # `AF|AU` is the column AF, or AU if AF is empty.
        ("AF|AU", [("AU", "short"), ("AF", "full")], ["full"]),
        ("AF|AU", [("AU", "short")], ["short"]),
        ("AF|AU", [], []),
        # Text between two columns is left out if either is empty. The outer text is kept.
        (THREE, [("a", "1"), ("b", "2"), ("c", "3")], ["<1, 2; 3>"]),
        (THREE, [("a", "1"), ("b", "2")], ["<1, 2>"]),
        (THREE, [("a", "1"), ("c", "3")], ["<1; 3>"]),
        (THREE, [("b", "2"), ("c", "3")], ["<2; 3>"]),
        (THREE, [("a", "1")], ["<1>"]),
        (THREE, [("c", "3")], ["<3>"]),
        (THREE, [("c", "3"), ("b", "2"), ("b", "4")], ["<2, 4; 3>"]),
        (THREE, [("a", "1"), ("a", "2"), ("b", "3")], ["<1 2, 3>"]),
        # A template is evaluated for each group with one of its columns, in the order of groups.
        ("{family}, {given}",
         [("family", "Okafor", 1), ("given", "Ada", 1), ("given", "Plato", 3), ("given", "Li", 2),
          ("family", "Wu", 2)], ["Okafor, Ada", "Wu, Li", "Plato"]),
        # Values of one column are combined only if they come from one structure.
        ("{{{corp}}}", [("corp", "Red Cross"), ("corp", "UN")], ["{Red Cross}", "{UN}"]),
        ("{{{corp}}}", [("corp", "Red Cross", 1), ("corp", "Archive", 1)], ["{Red Cross Archive}"]),
    ],
)  # fmt: skip
def test_templates_combine_columns(
    specification: str, values: Sequence[Any], expected: list[str]
) -> None:
    properties = [Property(name, value, value, None, *group) for name, value, *group in values]
    assert evaluate(specification, *properties) == expected


def test_a_combination_has_the_language_of_its_columns() -> None:
    [template] = templates.parse("{title}: {subtitle}")
    columns = {
        "title": [Property("title", "Titre")],
        "subtitle": [Property("subtitle", "Suite", language="fr")],
    }
    assert [prop.language for prop in template.evaluate(columns)] == ["fr"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("dc.title[fr]", ("dc.title", "fr")),
        ("Title [pt-BR]", ("Title", "pt-BR")),
        ("dc.title[en_US]", ("dc.title", "en_US")),
        ("dc.title[]", ("dc.title", None)),
        ("name[author]/namePart[family]", ("name[author]/namePart[family]", None)),
        ("[fr]", ("[fr]", None)),
        ("title", ("title", None)),
    ],
)
def test_a_column_can_end_with_its_language(column: str, expected: tuple[str, str | None]) -> None:
    assert templates.split_language(column) == expected
