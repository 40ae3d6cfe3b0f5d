"""Microdata in a page: items with properties, as the HTML standard defines them.

An item becomes an object as in JSON-LD.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

_VALUE_ATTRIBUTES = {
    "a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "video": "src",
    "time": "datetime", "data": "value", "meter": "value", "object": "data",
}  # fmt: skip
"""Attributes that hold the value of a property. Any element may have `content` instead."""

Item = dict[str, Any]


def read_items(text: str, most_chars: int) -> list[Item]:
    """Return the items of a page that are in no other item.

    Text within several properties is repeated. Stop when it has more than `most_chars` characters.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return []
    tops: list[Item] = []
    items: list[tuple[etree._Element, Item]] = []
    for event, element in etree.iterwalk(root, events=("start", "end")) if len(root) else ():
        if event == "end":
            if items and items[-1][0] is element:
                items.pop()
            continue
        outer = items[-1][1] if items else {}
        names = element.get("itemprop", "").split() if items else []
        value: Item | str = ""
        if "itemscope" in element.attrib:
            value = _make_item(element)
            items.append((element, value))
            tops += [] if names else [value]
        elif names:
            value = _read_value(element)
            most_chars -= len(value)
        if most_chars < 0:
            break
        for name in names:
            _add(outer, name.rpartition("/")[2], value)
    return tops


def _add(item: Item, name: str, value: Item | str) -> None:
    """Add a value of a property. Several become a list, as in JSON-LD."""
    if name not in item:
        item[name] = value
    elif isinstance(item[name], list):
        item[name].append(value)
    else:
        item[name] = [item[name], value]


def _make_item(element: etree._Element) -> Item:
    types = [name.rstrip("/").rpartition("/")[2] for name in element.get("itemtype", "").split()]
    item: Item = {"@type": types[0] if len(types) == 1 else types}
    if identifier := element.get("itemid"):
        item["@id"] = identifier
    return item


def _read_value(element: etree._Element) -> str:
    """Return the value of a property that is no item."""
    attributes = ("content", _VALUE_ATTRIBUTES.get(element.tag, "content"))
    stated = next((element.get(name) for name in attributes if name in element.attrib), None)
    return " ".join((stated if stated is not None else "".join(element.itertext())).split())
