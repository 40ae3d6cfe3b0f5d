"""Convert the XML elements of a record to the properties of a source record."""

import re

from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import LimitExceeded
from indexer.readers.xml_records.elements import XmlOptions, find_tops, local_name

_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SCHEMAS = frozenset(
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}"
    for name in ("schemaLocation", "noNamespaceSchemaLocation")
)
_MANY_ATTRIBUTES = 100
"""Attributes above which XPath lists them, because `attrib` takes quadratic time."""
_INLINE = frozenset(
    "a abbr alternatives b big bold break br em emph fixed-case font foreign hi i inline-formula "
    "italic lb math monospace named-content overline q roman s sans-serif sc scp small span strike "
    "strong style styled-content sub sup tex-math tt u underline".split()
)
"""Markup inside a text."""
_BLOCKS = frozenset(
    "abstract ab div head item li list-item p para sec section simpara summary title".split()
)
"""Elements of a text that are separate paragraphs."""
_GAPS = frozenset("br break lb".split())
_IGNORED = frozenset(("tex-math", "annotation", "annotation-xml"))
"""Elements with a formula that the text already has in another notation."""
_KINDS = {
    kind: re.compile(syntax, re.IGNORECASE)
    for kind, syntax in (
        (
            "doi",
            r"(?:.{0,500}?\bdoi: ?|doi\s*|info:doi/|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S",
        ),
        ("isbn", r"(?:isbn[\d-]*:?\s+|isbn:|urn:isbn:)?(?:97[89][- ]?)?(?:\d[- ]?){9}[\dx](?!\d)"),
        ("issn", r"(?:e-?|p-?)?(?:issn:?\s*|urn:issn:)?\d{4}-\d{3}[\dx](?![\d-])"),
        ("url", r"https?://\S"),
        ("timestamp", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"),
        (
            "type",
            (
                r"(?:[a-z]+ ){0,2}(?:article|commentar(?:y|ie)|communication|correction|"
                r"correspondence|corrigendum|editorial|erratum|essay|letter|paper|perspective|report|"
                r"retraction|review|synopsis|viewpoint)s?(?: articles?)?$"
            ),
        ),
        ("body", r"[^,]+,$"),  # EndNote ends the name of an organization with a comma
    )
}
"""By kind of value, a regular expression for its start."""
_PARAGRAPHS = re.compile(r"\n\s*\n")


def read_record(
    element: etree._Element, options: XmlOptions, file: str, limits: Limits
) -> SourceRecord | Problem:
    """Return the record of an element, or a Problem if it is empty. Raise LimitExceeded.

    It has columns of its siblings too, and of the records that contain it.
    """
    values = _Values(options, limits, find_tops(element, options))
    values.read(element)
    # Without this condition, formats that need no siblings would scan them for every record.
    if options.siblings:
        for part in element.itersiblings(preceding=True):
            if (name := local_name(part)) in options.siblings:
                values.walk(part, name, None, 0, 1)
    for path in options.inherit:
        steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
        for ancestor in reversed([*element.iterancestors()]):
            if local_name(ancestor) in options.records:
                for part in find_tops(ancestor, options)[-1].iterfind(steps):
                    values.add(f"parent/{path}", flatten(part, has_paragraphs=False))
    line = element.sourceline or 0
    if values.properties:
        return SourceRecord(SourceLocation(file, line), tuple(values.properties))
    return Problem(file, line, "the record is empty", "Correct the record. It was left out")


def tidy(text: str) -> str:
    """Return a text with single spaces between words, and an empty line between paragraphs."""
    if "\n" not in (text := text.strip()):
        return " ".join(text.split())
    paragraphs = (" ".join(part.split()) for part in _PARAGRAPHS.split(text))
    return "\n\n".join(part for part in paragraphs if part)


def flatten(element: etree._Element, *, has_paragraphs: bool = True) -> str:
    """Return the whole text of an element, without markup. Empty lines separate paragraphs."""
    return tidy(_collect(element, has_paragraphs) if len(element) else element.text or "")


def _collect(element: etree._Element, has_paragraphs: bool) -> str:
    pieces = [element.text or ""]
    for part in element:
        name = local_name(part)
        if name not in _IGNORED:
            gap = " " if name in _GAPS else "\n\n" if has_paragraphs and name in _BLOCKS else ""
            pieces += (gap, _collect(part, has_paragraphs), gap)
        pieces.append((part.tail or "").replace("\n", " "))
    pieces[0] = pieces[0].replace("\n", " ")
    return "".join(pieces)


class _Values:
    """Collects the `properties` of one record, in order. Its methods raise LimitExceeded.

    `tops`: the elements whose children become columns without a prefix, outermost first.
    """

    def __init__(
        self, options: XmlOptions, limits: Limits, tops: tuple[etree._Element, ...]
    ) -> None:
        self.properties: list[Property] = []
        self._options, self._limits, self._tops = options, limits, tops
        self._language_keys = (_XML_LANGUAGE, *options.languages)
        self._groups = self._parts = self._characters = 0
        self._joined: dict[tuple[str, int], int] = {}

    def add(self, name: str, value: str, language: str | None = None, group: int = 0) -> None:
        """Add a property, unless its value is empty."""
        if value:
            self._count_characters(name, value)
            self.properties.append(Property(name, value, value, language, group))

    def read(self, record: etree._Element) -> None:
        """Add all properties of a record."""
        self.add("@lang", _find_language(self._tops[-1]) or "")
        if self._options.element_column:
            self.add(self._options.element_column, local_name(record))
        self.walk(record, "", _find_language(record), 0, 0)

    def walk(
        self, element: etree._Element, name: str, language: str | None, group: int, depth: int
    ) -> None:
        """Add the properties of an element. `name` is its column; a record has the name ""."""
        tag, options = local_name(element), self._options
        if len(element.attrib) <= _MANY_ATTRIBUTES:
            attributes = element.items()
        else:
            attributes = [(str(value.attrname), str(value)) for value in element.xpath("@*")]
        self._count_parts(1 + len(attributes), depth)
        language = next(filter(None, map(element.get, self._language_keys)), language)
        if tag in options.groups or (depth == 1 and not options.groups and len(element)):
            self._groups += 1
            group = self._groups
        labels = options.distinguish.get(tag, ())
        for key, value in attributes:
            if key not in labels and key not in self._language_keys and key not in _SCHEMAS:
                self.add(f"{name}@{key.rpartition('}')[2]}", tidy(value), None, group)
        if tag not in options.texts and len(element):
            self._walk_parts(element, name, language, group, depth)
        elif text := flatten(element):
            self._add_leaf(name or tag, text, language, group, tag)

    def _add_leaf(self, column: str, text: str, language: str | None, group: int, tag: str) -> None:
        """Add the text of an element, which is not empty."""
        kinds = self._options.classify.get(tag, ())
        if kind := next((kind for kind in kinds if _KINDS[kind].match(text)), ""):
            column = f"{column[:-1]},{kind}]" if column.endswith("]") else f"{column}[{kind}]"
        if tag in self._options.join and group:
            at = self._joined.setdefault((column, group), len(self.properties))
            if at < len(self.properties):
                text = f"{self.properties[at].value} {text}"
                self._count_characters(column, text)
                self.properties[at] = Property(column, text, text, language, group)
                return
        self.add(column, text, language, group)

    def _walk_parts(
        self, element: etree._Element, name: str, language: str | None, group: int, depth: int
    ) -> None:
        """Add the children of an element, and its whole text if there are words between them."""
        tag, parts = local_name(element), [(part, local_name(part)) for part in element]
        own_text = tidy(" ".join((element.text or "", *(part.tail or "" for part, _ in parts))))
        is_mixed = any(map(str.isalnum, own_text))
        # A child of a record is always a column, even if its name is also one of inline markup.
        has_markup = bool(name) and (is_mixed or all(part in _INLINE for _, part in parts))
        if has_markup or tag in self._options.mixed:
            own_text = flatten(element, has_paragraphs=False)
        if own_text and (has_markup or is_mixed):
            self._add_leaf(name or tag, own_text, language, group, tag)
        prefix = f"{name}/" if name else ""
        for part, tag in parts:
            if not (has_markup and tag in _INLINE):
                column = "" if part in self._tops else f"{prefix}{tag}{self._label(part, tag)}"
                self.walk(part, column, language, group, depth + 1)

    def _label(self, element: etree._Element, tag: str) -> str:
        """Return the suffix of a column that distinguishes elements with the same name."""
        keys, options = self._options.distinguish.get(tag, ()), self._options
        labels = [value for key in keys if (value := element.get(key, "").strip().lower())]
        if paths := options.roles.paths.get(tag):
            roles = (_look_up(element, path) for path in paths)
            labels.append(options.roles.classify(next(filter(None, roles), "")))
        if (
            tag in options.hosts
            and element.getparent().find(f"{{*}}{options.hosts[tag]}") is not None
        ):
            labels.append("host")
        stated = ",".join(filter(None, labels))
        return f"[{stated}]" if stated else ""

    def _count_characters(self, name: str, value: str) -> None:
        self._characters += len(name) + len(value)
        if self._characters > self._limits.largest_file:
            message = f"the record has more than {self._limits.largest_file} characters"
            raise LimitExceeded(message, "largest_file")

    def _count_parts(self, count: int, depth: int) -> None:
        self._parts += count
        if depth > self._limits.deepest:
            message = f"elements are nested deeper than {self._limits.deepest}"
            raise LimitExceeded(message, "deepest")
        if self._parts > self._limits.most_parts:
            message = f"the record has more than {self._limits.most_parts} elements and attributes"
            raise LimitExceeded(message, "most_parts")


def _find_language(element: etree._Element) -> str | None:
    """Return the language of an element, or of the innermost element around it that has one."""
    languages = (part.get(_XML_LANGUAGE) for part in (element, *element.iterancestors()))
    return next(filter(None, languages), None)


def _look_up(element: etree._Element, path: str) -> str:
    """Return the text at a path of elements, or the value of an attribute."""
    if path.startswith("@"):
        text = element.get(path[1:])
    else:
        text = element.findtext("/".join(f"{{*}}{step}" for step in path.split("/")))
    return (text or "").strip()
