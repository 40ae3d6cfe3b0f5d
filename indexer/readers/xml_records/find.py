"""Find the record elements of an XML file, by the options of a format."""

from __future__ import annotations

from itertools import islice

from lxml import etree

from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.sketch import find_repeated, local_name, namespace, walk

_OAI = "http://www.openarchives.org/OAI/"
_MAX_PARTS = 2_000
"""Limit on the descendants of an element that are inspected."""


class RecordFinder:
    """Finds the elements of a file that are records of a format.

    In an OAI-PMH response, the envelope counts as the record. `root`: the parsed start of the file.
    """

    def __init__(self, options: XmlOptions, root: etree._Element) -> None:
        self._options = options
        self._detected: frozenset[tuple[str, str]] = frozenset()
        self._is_harvest = local_name(root) == "OAI-PMH"
        self._parents = _group(options.records)
        if options.fallback_records and self.find_first(root) is None:
            self._parents = _group(options.fallback_records)
        if options.content_namespaces or options.any_repeated:
            self._detected = _detect_records(options, root)
        self.root_tag: str = root.tag

    @property
    def tags(self) -> tuple[str, ...] | None:
        """The tags of the root and of all elements that may be records, or None for every tag."""
        if "*" in self._parents:
            return None
        detected = sorted({tag for tag, _ in self._detected})
        return (*(f"{{*}}{name}" for name in self._parents), *detected, self.root_tag, "{*}record")

    def matches(self, element: etree._Element) -> bool:
        """Return whether an element is a record, or the envelope of one in an OAI-PMH response."""
        return is_envelope(element) or (not self._is_harvest and self.is_record(element))

    def is_record(self, element: etree._Element) -> bool:
        """Return whether an element is a record."""
        if self._detected and _identify(element) in self._detected:
            return True
        name = local_name(element)
        parents = self._parents.get(name) or self._parents.get("*")
        if not parents or not self._fits(element):
            return False
        parent = element.getparent()
        has_parent = "" in parents or (parent is not None and local_name(parent) in parents)
        if not (has_parent and self._options.not_inside):
            return has_parent
        return not any(
            local_name(ancestor) in self._options.not_inside for ancestor in element.iterancestors()
        )

    def _fits(self, element: etree._Element) -> bool:
        """Return whether an element is in a namespace of the format."""
        return namespace(element).startswith(self._options.namespaces)

    def find_first(self, root: etree._Element) -> etree._Element | None:
        """Return the first record with one of the required descendants, or None."""
        for element in walk(root):
            if self.is_record(element) and self._has_required(element):
                return element
        return None

    def _has_required(self, element: etree._Element) -> bool:
        required = self._options.requires
        descendants = islice(element.iter("*"), _MAX_PARTS)
        return not required or any(local_name(part) in required for part in descendants)


def _group(patterns: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the names of the possible parents, by the name of the element."""
    parents: dict[str, set[str]] = {}
    for pattern in patterns:
        parent, _, name = pattern.rpartition("/")
        parents.setdefault(name, set()).add(parent)
    return parents


def _identify(element: etree._Element) -> tuple[str, str]:
    """Return the tags of an element and of its parent."""
    parent = element.getparent()
    return element.tag, "" if parent is None else parent.tag


def _detect_records(options: XmlOptions, root: etree._Element) -> frozenset[tuple[str, str]]:
    """Return the tags of the records and of their parents, if the format does not name its records.

    In RDF, records have several tags, but all their parents have the same tag.
    """
    if options.any_repeated:
        envelope = next(filter(is_envelope, walk(root)), None)
        first = find_repeated(root) if envelope is None else envelope
        return frozenset() if first is None else frozenset((_identify(first),))
    records = [_identify(element) for element in walk(root) if _has_content(element, options)]
    return frozenset(record for record in records if record[1] == records[0][1])


def _has_content(element: etree._Element, options: XmlOptions) -> bool:
    """Return whether at least two children are in a namespace of `content_namespaces`."""
    namespaces = options.content_namespaces
    children = (child for child in islice(element, _MAX_PARTS) if namespace(child) in namespaces)
    return len(list(islice(children, 2))) == 2


def is_envelope(element: etree._Element) -> bool:
    """Return whether an element is the envelope of a record in an OAI-PMH response."""
    tag: str = element.tag
    return tag.startswith(f"{{{_OAI}") and tag.endswith("}record")


def is_deleted(element: etree._Element) -> bool:
    """Return whether an element is the envelope of a deleted record."""
    header = element.find("{*}header") if is_envelope(element) else None
    return header is not None and header.get("status") == "deleted"


def find_tops(record: etree._Element, options: XmlOptions) -> tuple[etree._Element, ...]:
    """Return the elements whose children become columns without a prefix, outermost first."""
    top = record
    if is_envelope(record):
        metadata = record.find("{*}metadata")
        if metadata is None:
            return (record,)
        finder = RecordFinder(options, metadata)
        descendants = islice(metadata.iter("*"), 1, _MAX_PARTS)
        top = next(
            (part for part in descendants if options.any_repeated or finder.is_record(part)),
            metadata,
        )
    children = (top.find(f"{{*}}{name}") for name in options.inner)
    inner = next((child for child in children if child is not None), None)
    return (top,) if inner is None else (top, inner)
