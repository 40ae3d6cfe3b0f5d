"""Find the record elements of an XML file, by the options of a format, and read them one by one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import BufferedIOBase
from itertools import chain, islice

import msgspec
from lxml import etree

from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import HEAD_BYTES
from indexer.readers.text.streaming import peek, read_blocks
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
    header = element.find("{*}header") if _is_envelope(element) else None
    return header is not None and header.get("status") == "deleted"


_MAX_ERRORS = 5
"""Limit on the syntax errors of a file that are reported."""
_OPEN_LINES = 10
"""Limit on the bytes of an open record, as a multiple of `largest_line`.

It counts bulky elements before they are emptied.
"""


def read_elements(
    stream: BufferedIOBase, options: XmlOptions, file: str, limits: Limits
) -> Iterator[etree._Element | Problem]:
    """Yield the record elements of a file, and a Problem for each part that is not usable.

    An element is emptied when the next one is requested. A record inside another one precedes it.
    """
    first, blocks = peek(read_blocks(stream, limits), HEAD_BYTES, len)
    head = b"".join(first)
    root = parse_head(head[:HEAD_BYTES])
    if root is None:
        message = "the file is not XML" if head.strip() else "the file is empty"
        yield Problem(file, 0, message, "Create or copy the file again")
    else:
        # The declaration is in the first block.
        text = XmlText(chain((head,), islice(blocks, len(first), None)), file)
        yield from _ElementStream(RecordFinder(options, root), options, file, limits).read(text)
        yield from text.problems


class _ElementStream:
    """The record elements of a file that is XML."""

    def __init__(
        self, finder: RecordFinder, options: XmlOptions, file: str, limits: Limits
    ) -> None:
        self._finder, self._options, self._file, self._limits = finder, options, file, limits
        self._open: list[etree._Element] = []  # records whose end is not read yet
        self._root: etree._Element | None = None
        self._read = self._mark = self._records = self._deleted = 0
        self._is_too_large = self._is_cut = False

    def read(self, text: XmlText) -> Iterator[etree._Element | Problem]:
        """Yield the record elements and problems. Call it once."""
        tags = self._finder.tags
        parser = make_parser(tags and (*tags, *(f"{{*}}{name}" for name in self._options.skip)))
        for block in text:
            data = block.encode("utf-8", "replace")
            try:
                parser.feed(data)
            except etree.XMLSyntaxError:
                break
            yield from self._read_events(parser)
            self._read += len(data)
            self._free()
        self._is_cut = bool(self._open)
        with suppress(etree.XMLSyntaxError):
            parser.close()
        yield from self._read_events(parser)
        for error in list(parser.feed_error_log)[:_MAX_ERRORS]:
            message = f"the XML is not well-formed: {error.message.strip()}"
            hint = "Correct or export the file again. The records around it may be incomplete"
            yield Problem(self._file, error.line, message, hint)
        if self._deleted:
            count = "1 record is" if self._deleted == 1 else f"{self._deleted} records are"
            message = f"{count} marked as deleted"
            yield Problem(self._file, 0, message, "Remove them from the file. They were left out")
        if not self._records:
            yield Problem(self._file, 0, "the file has no records", "Export the file again")

    def _read_events(self, parser: etree.XMLPullParser) -> Iterator[etree._Element | Problem]:
        for event, element in parser.read_events():
            if self._root is None:
                self._root = element
            if event == "start":
                if self._finder.matches(element):
                    yield from self._start(element, has_errors=len(parser.feed_error_log) > 0)
            elif self._open and element is self._open[-1]:
                self._open.pop()
                yield from self._end(element)
            elif self._open and local_name(element) in self._options.skip:
                del element[:]
                element.text = None

    def _start(self, element: etree._Element, *, has_errors: bool) -> Iterator[Problem]:
        if self._open and not self._options.nested:
            # Without its end tag, a record contains all records that follow.
            if element.tag != self._open[-1].tag or not has_errors:
                return
            message = f"<{local_name(element)}> has no end tag"
            hint = "Add the tag. The record was left out"
            yield Problem(self._file, self._open.pop().sourceline or 0, message, hint)
        self._open.append(element)
        self._mark, self._is_too_large = self._read, False

    def _end(self, element: etree._Element) -> Iterator[etree._Element | Problem]:
        self._records += 1
        self._mark = self._read
        line, name = element.sourceline or 0, local_name(element)
        if is_deleted(element):
            self._deleted += 1
        elif self._is_cut and self._records > 1 and not self._options.nested:
            hint = "Export the file again. The last record was left out"
            yield Problem(self._file, line, f"the file ends in <{name}>", hint)
        elif self._is_too_large:
            self._is_too_large = False
            message = f"<{name}> has more than {self._limits.largest_line * _OPEN_LINES} bytes"
            yield Problem(self._file, line, message, suggest_raising("largest_line"))
        else:
            yield element
        if self._open:
            _empty(element)

    def _free(self) -> None:
        """Remove the elements that are no longer needed from memory."""
        largest = _OPEN_LINES * self._limits.largest_line
        self._is_too_large |= self._read - self._mark > largest and bool(self._open)
        kept = set() if self._is_too_large else set(self._open)
        node = self._root
        while node is not None and len(node) and node not in kept:
            node[:-1] = [part for part in node[:-1] if local_name(part) in self._options.siblings]
            node = node[-1]


def _empty(element: etree._Element) -> None:
    """Empty an element, but keep it among the children of its parent.

    Of several empty siblings with the same name in a row, only the last one is kept.
    """
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag and not len(before):
        parent.remove(before)
    element.clear(keep_tail=True)
