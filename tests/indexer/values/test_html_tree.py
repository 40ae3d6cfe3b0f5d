"""Trees of web pages: the same as those of lxml, within linear time."""

from __future__ import annotations

import pytest

from indexer.values.html_tree import MAX_ATTRIBUTES, TooManyAttributes, parse_html
from tests.cpu_time import limit_cpu_time


def make_tag(attributes: int) -> str:
    """Return a page whose only tag has so many attributes."""
    return "<p " + " ".join(f"a{number}='>'" for number in range(attributes)) + ">text"


def test_a_page_is_a_tree() -> None:
    """A page has its elements and texts, without comments, NUL, and the XML declaration."""
    root = parse_html('<?xml version="1.0" encoding="x"?><p id=1>Z\0ürich<!-- no --><b>!')
    assert root is not None
    assert "".join(root.itertext()) == "Zürich!"
    assert [element.tag for element in root.iter()] == ["html", "body", "p", "b"]
    assert root[0][0].attrib == {"id": "1"}


@pytest.mark.parametrize("text", ["", " ", "<!-- only -->", '<?xml version="1.0"?>'])
def test_a_page_without_elements_is_none(text: str) -> None:
    """A page without elements has no root."""
    assert parse_html(text) is None


def test_attributes_up_to_the_limit_are_kept() -> None:
    """A tag keeps all attributes up to the limit."""
    root = parse_html(make_tag(MAX_ATTRIBUTES))
    assert root is not None
    assert len(root[0][0].attrib) == MAX_ATTRIBUTES


def test_a_tag_with_too_many_attributes_takes_no_time() -> None:
    """A tag of 1 MB is refused at once, wherever it is and whatever its attributes contain."""
    with limit_cpu_time(5), pytest.raises(TooManyAttributes):
        parse_html(f'<!-- <p a=" -->{make_tag(100_000)}')
