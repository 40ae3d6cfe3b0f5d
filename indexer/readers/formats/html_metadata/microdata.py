"""Read the microdata of a page: items with properties, as the HTML standard defines them.

An item becomes an object as in JSON-LD.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from indexer.readers.text.web_page import find_value

Item = dict[str, Any]


def read_items(page: etree._Element, max_chars: int) -> list[Item]:
    """Return the top-level items of a page.

    Nested properties repeat text. Stop when the values have more than `max_chars` characters.
    """
    top_items: list[Item] = []
    items: list[tuple[etree._Element, Item]] = []
    for event, element in etree.iterwalk(page, events=("start", "end")):
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
            top_items += [] if names else [value]
        elif names:
            stated = find_value(element)
            value = " ".join(("".join(element.itertext()) if stated is None else stated).split())
            max_chars -= len(value)
        if max_chars < 0:
            break
        for name in names:
            _add(outer, name.rpartition("/")[2], value)
    return top_items


def _add(item: Item, name: str, value: Item | str) -> None:
    """Add a value of a property. Several values become a list, as in JSON-LD."""
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
