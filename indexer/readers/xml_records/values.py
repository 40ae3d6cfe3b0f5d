"""Convert the XML elements of a record to the properties of a source record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Property
from indexer.readers.base import LimitExceeded
from indexer.readers.xml_records.find import local_name
from indexer.readers.xml_records.options import TagOptions, XmlOptions

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
        ("body", r"[^,]+,$"),  # EndNote ends the name of an organization with a comma
    )
}
"""By kind of value, a regular expression for its start."""
_PARAGRAPHS = re.compile(r"\n\s*\n")


def tidy(text: str) -> str:
    """Return a text with single spaces between words, and an empty line between paragraphs."""
    if "\n" not in (text := text.strip()):
        return " ".join(text.split())
    paragraphs = (" ".join(part.split()) for part in _PARAGRAPHS.split(text))
    return "\n\n".join(part for part in paragraphs if part)


def flatten(element: etree._Element, *, has_paragraphs: bool = True) -> str:
    """Return the whole text of an element, without markup."""
    if not len(element):
        return tidy(element.text or "")
    return tidy("".join(_collect(element, has_paragraphs)))


def _collect(element: etree._Element, has_paragraphs: bool) -> Iterator[str]:
    """Yield the pieces of text in an element. Empty lines separate paragraphs."""
    parts = etree.iterwalk(element, events=("start", "end"))
    for event, part in parts:
        name = local_name(part)
        if name in _IGNORED and part is not element:
            if event == "start":
                parts.skip_subtree()
            else:
                yield _flow(part.tail)
            continue
        if has_paragraphs and name in _BLOCKS and part is not element:
            yield "\n\n"
        if event == "start":
            yield " " if name in _GAPS else ""
            yield _flow(part.text)
        elif part is not element:
            yield _flow(part.tail)


def _flow(text: str | None) -> str:
    return text.replace("\n", " ") if text else ""


class Values:
    """Collects the `properties` of one record, in order. Its methods raise LimitExceeded."""

    def __init__(self, options: XmlOptions, limits: Limits) -> None:
        self.properties: list[Property] = []
        self._options, self._limits = options, limits
        self._language_keys = (_XML_LANGUAGE, *options.languages)
        self._groups = self._parts = self._name_characters = self._characters = 0
        self._tops: tuple[etree._Element, ...] = ()

    def add(self, name: str, value: str, language: str | None = None, group: int = 0) -> None:
        """Add a property, unless its value is empty."""
        if value:
            self._count_characters(value)
            self.properties.append(Property(name, value, value, language, group))

    def read(self, record: etree._Element, tops: tuple[etree._Element, ...]) -> None:
        """Add all properties of a record. The columns of the children of `tops` have no prefix."""
        self._tops = tops
        self.add("@lang", _find_language(tops[-1]) or "")
        if self._options.element_column:
            self.add(self._options.element_column, local_name(record))
        self._walk(record, "", _find_language(record), 0, 0)

    def read_sibling(self, element: etree._Element) -> None:
        """Add all properties of an element next to the record."""
        self._walk(element, local_name(element), None, 0, 1)

    def _walk(
        self, element: etree._Element, name: str, language: str | None, group: int, depth: int
    ) -> None:
        """Add the properties of an element. `name` is its column; a record has the name ""."""
        tag = self._options.tags[element.tag]
        attributes = _list_attributes(element)
        self._count(len(attributes), name, depth)
        language = next(filter(None, map(element.get, self._language_keys)), language)
        if tag.is_group or (depth == 1 and not self._options.groups and len(element)):
            self._groups += 1
            group = self._groups
        for key, value in attributes:
            if key not in tag.labels and key not in self._language_keys and key not in _SCHEMAS:
                self.add(f"{name}@{key.rpartition('}')[2]}", tidy(value), None, group)
        if tag.is_text or not len(element):
            self._add_leaf(name or tag.name, flatten(element), language, group, tag)
        else:
            self._walk_parts(element, name, language, group, depth)

    def _add_leaf(
        self, column: str, text: str, language: str | None, group: int, tag: TagOptions
    ) -> None:
        """Add the text of an element without children."""
        if tag.kinds and (kind := _classify(text, tag.kinds)):
            column = f"{column[:-1]},{kind}]" if column.endswith("]") else f"{column}[{kind}]"
        if tag.is_joined and group and text:
            for index in range(len(self.properties) - 1, -1, -1):
                previous = self.properties[index]
                if previous.group != group:
                    break
                if previous.name == column:
                    joined = f"{previous.value} {text}"
                    self._count_characters(joined)
                    self.properties[index] = Property(column, joined, joined, language, group)
                    return
        self.add(column, text, language, group)

    def _walk_parts(
        self, element: etree._Element, name: str, language: str | None, group: int, depth: int
    ) -> None:
        """Add the children of an element, and its whole text if there are words between them."""
        parts = [(part, self._options.tags[part.tag]) for part in element]
        own_text = tidy(" ".join((element.text or "", *(part.tail or "" for part, _ in parts))))
        is_mixed = any(map(str.isalnum, own_text))
        # A child of a record is always a column, even if its name is also one of inline markup.
        has_markup = bool(name) and (is_mixed or all(tag.name in _INLINE for _, tag in parts))
        if has_markup or self._options.tags[element.tag].is_mixed:
            own_text = flatten(element, has_paragraphs=False)
        if has_markup or is_mixed:
            tag = self._options.tags[element.tag]
            self._add_leaf(name or tag.name, own_text, language, group, tag)
        prefix = f"{name}/" if name else ""
        for part, tag in parts:
            if not (has_markup and tag.name in _INLINE):
                column = "" if part in self._tops else f"{prefix}{tag.name}{self._label(part, tag)}"
                self._walk(part, column, language, group, depth + 1)

    def _label(self, element: etree._Element, tag: TagOptions) -> str:
        """Return the suffix of a column that distinguishes elements with the same name."""
        if not (tag.labels or tag.roles or tag.host):
            return ""
        labels = [value for key in tag.labels if (value := element.get(key, "").strip().lower())]
        if tag.roles:
            role = self._options.roles.classify(_find_role(element, tag.roles))
            labels += [role] if role else []
        if tag.host and element.getparent().find(f"{{*}}{tag.host}") is not None:
            labels.append("host")
        return f"[{','.join(labels)}]" if labels else ""

    def _count_characters(self, value: str) -> None:
        self._characters += len(value)
        if self._characters > self._limits.largest_line:
            message = f"the record has more than {self._limits.largest_line} characters"
            raise LimitExceeded(message, "largest_line")

    def _count(self, attributes: int, name: str, depth: int) -> None:
        """Raise LimitExceeded if a record has too many, too deeply nested, or too long columns."""
        self._parts += 1 + attributes
        self._name_characters += len(name) * (1 + attributes)
        if self._name_characters > self._limits.largest_file:
            message = f"the names of its elements have more than {self._limits.largest_file} bytes"
            raise LimitExceeded(message, "largest_file")
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


def _list_attributes(element: etree._Element) -> list[tuple[str, str]]:
    """Return the names and values of the attributes of an element."""
    if len(element.attrib) <= _MANY_ATTRIBUTES:
        return list(element.items())
    return [(str(value.attrname), str(value)) for value in element.xpath("@*")]


def _classify(text: str, kinds: tuple[str, ...]) -> str:
    """Return the first of `kinds` whose syntax a value has, or an empty string."""
    return next((kind for kind in kinds if _KINDS[kind].match(text)), "")


def _find_role(element: etree._Element, paths: tuple[str, ...]) -> str:
    """Return the first role of a person, or an empty string."""
    for path in paths:
        if path.startswith("@"):
            role: str | None = element.get(path[1:])
        else:
            role = element.findtext("/".join(f"{{*}}{step}" for step in path.split("/")))
        if role and role.strip():
            return role
    return ""
