"""Find the records in XML, by the options of a format."""

from __future__ import annotations

from itertools import islice

from lxml import etree

from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.sketch import find_repeated, local_name, namespace, walk

_OAI = "http://www.openarchives.org/OAI/"
_MAX_PARTS = 2_000
"""Parts of a record that are searched for evidence."""


class RecordFinder:
    """The elements of a file that are records of a format.

    A record of an OAI-PMH response stands for the record in it. `root`: the start of the file.
    """

    def __init__(self, options: XmlOptions, root: etree._Element) -> None:
        self._options = options
        self._chosen: frozenset[tuple[str, str]] = frozenset()
        self._is_harvest = local_name(root) == "OAI-PMH"
        self._parents = _group(options.records)
        if options.otherwise and self.find_first(root) is None:
            self._parents = _group(options.otherwise)
        if options.around or options.any:
            self._chosen = _choose(options, root)
        self.root_tag: str = root.tag

    @property
    def tags(self) -> tuple[str, ...] | None:
        """The tags of elements that may be records, or of the root; None for all."""
        if "*" in self._parents:
            return None
        chosen = sorted({tag for tag, _ in self._chosen})
        return (*(f"{{*}}{name}" for name in self._parents), *chosen, self.root_tag, "{*}record")

    def matches(self, element: etree._Element) -> bool:
        """Return whether an element is a record, or a record of an OAI-PMH response."""
        return is_envelope(element) or (not self._is_harvest and self.is_record(element))

    def is_record(self, element: etree._Element) -> bool:
        """Return whether an element is a record."""
        if self._chosen and _identify(element) in self._chosen:
            return True
        name = local_name(element)
        parents = self._parents.get(name) or self._parents.get("*")
        if not parents or not self._fits(element):
            return False
        above = element.getparent()
        is_below = "" in parents or (above is not None and local_name(above) in parents)
        if not (is_below and self._options.outside):
            return is_below
        return not any(
            local_name(each) in self._options.outside for each in element.iterancestors()
        )

    def _fits(self, element: etree._Element) -> bool:
        """Return whether an element is in a namespace of the format."""
        return namespace(element).startswith(self._options.namespaces)

    def find_first(self, root: etree._Element) -> etree._Element | None:
        """Return the first record that has one of the required parts, or None."""
        for element in walk(root):
            if self.is_record(element) and self._has_required(element):
                return element
        return None

    def _has_required(self, element: etree._Element) -> bool:
        required = self._options.requires
        parts = islice(element.iter("*"), _MAX_PARTS)
        return not required or any(local_name(part) in required for part in parts)


def _group(patterns: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the names of elements with the names of their possible parents."""
    parents: dict[str, set[str]] = {}
    for pattern in patterns:
        parent, _, name = pattern.rpartition("/")
        parents.setdefault(name, set()).add(parent)
    return parents


def _identify(element: etree._Element) -> tuple[str, str]:
    """Return the tags of an element and of its parent."""
    parent = element.getparent()
    return element.tag, "" if parent is None else parent.tag


def _choose(options: XmlOptions, root: etree._Element) -> frozenset[tuple[str, str]]:
    """Return what identifies the records of a format whose records have any name.

    Records with several names, as in RDF, have parents with the same tag.
    """
    if options.any:
        envelope = next(filter(is_envelope, walk(root)), None)
        first = find_repeated(root) if envelope is None else envelope
        return frozenset() if first is None else frozenset((_identify(first),))
    chosen = [_identify(element) for element in walk(root) if _is_around(element, options)]
    return frozenset(each for each in chosen if each[1] == chosen[0][1])


def _is_around(element: etree._Element, options: XmlOptions) -> bool:
    """Return whether an element has two parts in a namespace of `around`."""
    parts = (part for part in islice(element, _MAX_PARTS) if namespace(part) in options.around)
    return len(list(islice(parts, 2))) == 2


def is_envelope(element: etree._Element) -> bool:
    """Return whether an element is a record of an OAI-PMH response."""
    tag: str = element.tag
    return tag.startswith(f"{{{_OAI}") and tag.endswith("}record")


def is_deleted(element: etree._Element) -> bool:
    """Return whether an element is a deleted record of an OAI-PMH response."""
    header = element.find("{*}header") if is_envelope(element) else None
    return header is not None and header.get("status") == "deleted"


def find_tops(record: etree._Element, options: XmlOptions) -> tuple[etree._Element, ...]:
    """Return the elements whose parts are columns of a record without a prefix, outermost first."""
    top = record
    if is_envelope(record):
        metadata = record.find("{*}metadata")
        if metadata is None:
            return (record,)
        finder = RecordFinder(options, metadata)
        inside = islice(metadata.iter("*"), 1, _MAX_PARTS)
        top = next((part for part in inside if options.any or finder.is_record(part)), metadata)
    parts = (top.find(f"{{*}}{name}") for name in options.inner)
    inner = next((part for part in parts if part is not None), None)
    return (top,) if inner is None else (top, inner)
