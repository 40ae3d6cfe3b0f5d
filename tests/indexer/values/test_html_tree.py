"""Trees of web pages: the same as those of lxml, within linear time."""

from __future__ import annotations

import pytest

from indexer.values.html_tree import MAX_ATTRIBUTES, PageTooLarge, parse_html
from tests.cpu_time import limit_cpu_time


def make_tag(attributes: int) -> str:
    """Return a page whose only tag has so many attributes."""
    return "<p " + " ".join(f"a{number}='>'" for number in range(attributes)) + ">text"


def test_a_page_is_a_tree() -> None:
    """A page has its elements and texts, without comments, NUL, and the XML declaration."""
    root = parse_html('<?xml version="1.0" encoding="x"?><p id=1>Z\0ürich<!-- no --><b>!')
    assert "".join(root.itertext()) == "Zürich!"
    assert [element.tag for element in root.iter()] == ["html", "body", "p", "b"]
    assert root[0][0].attrib == {"id": "1"}


@pytest.mark.parametrize("text", ["", " ", "<!-- only -->", '<?xml version="1.0"?>'])
def test_a_page_without_elements_is_empty(text: str) -> None:
    """A page without elements has an empty root."""
    assert [element.tag for element in parse_html(text).iter()] == ["html"]


def test_tags_and_attributes_are_limited() -> None:
    """A page has as many tags and attributes as the limit, which is named in the message."""
    assert len(parse_html("<html><body><p id=1><b>", 5)[0][0]) == 1
    with pytest.raises(PageTooLarge, match="more than 4 tags and attributes"):
        parse_html("<html><body><p id=1><b>", 4)


def test_attributes_up_to_the_limit_are_kept() -> None:
    """A tag keeps all attributes up to the limit."""
    root = parse_html(make_tag(MAX_ATTRIBUTES))
    assert len(root[0][0].attrib) == MAX_ATTRIBUTES


def test_a_tag_with_too_many_attributes_takes_no_time() -> None:
    """A tag of 1 MB is refused at once, wherever it is and whatever its attributes contain."""
    with limit_cpu_time(5), pytest.raises(PageTooLarge):
        parse_html(f'<!-- <p a=" -->{make_tag(100_000)}')
