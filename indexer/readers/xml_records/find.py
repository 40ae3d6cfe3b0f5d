"""Find the record elements of an XML file, by the options of a format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import msgspec
from lxml import etree

from indexer.catalogue.limits import LIMITS
from indexer.readers.xml_records.text import XmlText


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The roles of persons, which become a part of the column name.

    `paths`: by the name of the person's element, the paths of its role: elements such as
    "role/roleTerm", or attributes such as "@role". `names`: by class, the roles in lowercase; ""
    is an absent role. `other`: the class of all other roles.
    """

    paths: dict[str, tuple[str, ...]] = {}
    names: dict[str, tuple[str, ...]] = {}
    other: str = "contributor"

    def classify(self, role: str) -> str:
        """Return the class of a role; "" for the class of authors."""
        folded = role.strip().rstrip(".").lower()
        return next((name for name, roles in self.names.items() if folded in roles), self.other)


class XmlOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record elements of an XML format, and the rules for its column names.

    All names of elements and attributes are without a namespace.

    `records`: the record elements, as "name" or "parent/name". `fallback_records`: the record
    elements of a file whose start has none of `records`. `namespaces`: prefixes of the record
    elements' namespaces; "" allows any. `content_namespaces`: an element with two children in one
    of these namespaces is a record too. `any_repeated`: the first element that repeats is a record.
    `not_inside`: elements whose descendants are never records. `requires`: descendants of which the
    first record has at least one. `roots`: root elements that are sufficient evidence. `score`: the
    evidence score of a file with a record.

    `nested`: a record inside a record is a separate record. `inherit`: paths of columns that a
    record copies from the records that contain it. `siblings`: elements before the records whose
    columns are added to every record with the same parent. `inner`: children of a record whose own
    children are columns without a prefix; only the first that is present counts. `kind`: in RDF,
    the child with the type of a record. An element without it, or with a type in `not_kinds`, is a
    part of the records that refer to it.

    `distinguish`: by element, the attributes whose values are a part of the column name. `roles`:
    see Roles. `groups`: elements whose descendants form a group; by default, all children of a
    record that have children. `texts`: elements that contain text with markup. `skip`: bulky
    elements whose content is not read. `languages`: attributes with the language of a value, in
    addition to `xml:lang`. `join`: elements whose values are joined within a group, such as the
    given names of a person. `classify`: by element, the labels that its values can get for their
    syntax, as in "identifier[doi]". `mixed`: elements whose whole text is a column, in addition to
    the columns of their children. `hosts`: by element, the sibling that gives it the label "host":
    a monograph is a host if it has an analytic sibling. `element_column`: a column with the name of
    the record element.
    """

    records: tuple[str, ...] = ()
    fallback_records: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ("",)
    content_namespaces: tuple[str, ...] = ()
    any_repeated: bool = False
    not_inside: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ()
    score: int = 90
    nested: bool = False
    inherit: tuple[str, ...] = ()
    siblings: frozenset[str] = frozenset()
    inner: tuple[str, ...] = ()
    kind: str = ""
    not_kinds: tuple[str, ...] = ()
    distinguish: dict[str, tuple[str, ...]] = {}
    roles: Roles = Roles()
    groups: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    join: frozenset[str] = frozenset()
    classify: dict[str, tuple[str, ...]] = {}
    mixed: frozenset[str] = frozenset()
    element_column: str = ""
    hosts: dict[str, str] = {}


_OAI = "http://www.openarchives.org/OAI/"
_MAX_ELEMENTS = 5_000
"""Limit on the elements at the start of a file that are inspected."""
_MAX_PARTS = 2_000
"""Limit on the descendants of an element that are inspected."""
_MAX_NAMES = 20
"""Limit on the element names per level that are compared in an unknown format."""


def make_parser(tags: tuple[str, ...] | None = None) -> etree.XMLPullParser:
    """Return a parser for the text from XmlText that recovers from errors.

    It reports the start and end of elements with one of `tags`. It loads no external files and
    defines no entities.
    """
    return etree.XMLPullParser(
        events=("start", "end"), tag=tags, encoding="utf-8", recover=True,
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


@lru_cache(maxsize=4)
def parse_head(head: bytes) -> etree._Element | None:
    """Return the root of an XML file, parsed as far as `head` goes, or None if it is not XML."""
    text = "".join(XmlText(iter((head,)), ""))
    if not text.lstrip().startswith("<"):
        return None
    parser = make_parser()
    try:
        parser.feed(text.encode("utf-8", "replace"))
    except etree.XMLSyntaxError:
        return None
    first = next(iter(parser.read_events()), None)
    return None if first is None else first[1]


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def _namespace(element: etree._Element) -> str:
    """Return the namespace of an element, or an empty string."""
    tag: str = element.tag
    return tag[1:].rpartition("}")[0]


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
        return _is_envelope(element) or (not self._is_harvest and self.is_record(element))

    def is_record(self, element: etree._Element) -> bool:
        """Return whether an element is a record."""
        if self._detected and _identify(element) in self._detected:
            return True
        name = local_name(element)
        parents = self._parents.get(name) or self._parents.get("*")
        if not parents or not _namespace(element).startswith(self._options.namespaces):
            return False
        parent = element.getparent()
        has_parent = "" in parents or (parent is not None and local_name(parent) in parents)
        if not (has_parent and self._options.not_inside):
            return has_parent
        return not any(
            local_name(ancestor) in self._options.not_inside for ancestor in element.iterancestors()
        )

    def find_first(self, root: etree._Element) -> etree._Element | None:
        """Return the first record with one of the required descendants, or None."""
        required = self._options.requires
        for element in filter(self.is_record, _walk(root)):
            parts = islice(element.iter("*"), _MAX_PARTS)
            if not required or not required.isdisjoint(map(local_name, parts)):
                return element
        return None


def find_tops(record: etree._Element, options: XmlOptions) -> tuple[etree._Element, ...]:
    """Return the elements whose children become columns without a prefix, outermost first."""
    top = record
    if _is_envelope(record):
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


def _walk(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the root and its first descendants, in document order."""
    return islice(root.iter("*"), _MAX_ELEMENTS)


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
        envelope = next(filter(_is_envelope, _walk(root)), None)
        return frozenset((_identify(_find_repeated(root) if envelope is None else envelope),))
    records = [_identify(element) for element in _walk(root) if _has_content(element, options)]
    return frozenset(record for record in records if record[1] == records[0][1])


def _has_content(element: etree._Element, options: XmlOptions) -> bool:
    """Return whether at least two children are in a namespace of `content_namespaces`."""
    namespaces = options.content_namespaces
    children = (child for child in islice(element, _MAX_PARTS) if _namespace(child) in namespaces)
    return len(list(islice(children, 2))) == 2


def _find_repeated(root: etree._Element) -> etree._Element:
    """Return the most likely first record of an unknown format.

    The first choice is the outermost element that repeats in its parent and has a title. Next is
    the root, if it has a title. The last choice is the outermost element that repeats.
    """
    first: etree._Element | None = None
    level = [root]
    for _ in range(LIMITS.deepest):
        parts = [child for parent in level for child in parent if len(child) or child.attrib]
        names = Counter((child.getparent(), child.tag) for child in parts)
        for (parent, tag), count in names.most_common(_MAX_NAMES):
            if count > 1:
                element = next(child for child in parent if child.tag == tag)
                if _has_title(element):
                    return element
                first = element if first is None else first
        level = [child for child in parts if len(child)][:_MAX_ELEMENTS]
    return root if first is None or _has_title(root) else first


def _has_title(element: etree._Element) -> bool:
    """Return whether a descendant or its attribute has a name such as "title" or "titulo"."""
    names = (name for part in islice(element.iter("*"), 1, 50) for name in (part.tag, *part.attrib))
    return any("tit" in name.rpartition("}")[2].lower() for name in names)


def _is_envelope(element: etree._Element) -> bool:
    """Return whether an element is the envelope of a record in an OAI-PMH response."""
    tag: str = element.tag
    return tag.startswith(f"{{{_OAI}") and tag.endswith("}record")


def is_deleted(element: etree._Element) -> bool:
    """Return whether an element is the envelope of a deleted record."""
    header = element.find("{*}header") if _is_envelope(element) else None
    return header is not None and header.get("status") == "deleted"
