"""Column specifications: a column, a template of columns, or alternatives of these.

`AU` is the column AU. `{family}, {given}` combines columns of one structure. `AF|AU` is the first
column that has a value. A doubled `{`, `}`, or `|` is a literal character.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from indexer.catalogue.records import Property
from indexer.values.iso_codes import find_languages

Columns = Mapping[str, Sequence[Property]]
"""The properties of a record by column."""

_TOKEN = re.compile(r"\{\{|\}\}|\|\||\||\{((?:[^{}|]|\{\{|\}\}|\|\|)+?)\}|[^{}|]+|[{}]")
_SPECIAL = str.maketrans({"{": "{{", "}": "}}", "|": "||"})
_DOUBLED = re.compile(r"\{\{|\}\}|\|\|")
_LANGUAGE_SUFFIX = re.compile(r"(.*\S)\s*\[([A-Za-z]{2,3}(?:[-_][A-Za-z]+)*)?\]")

_NO_LANGUAGES = frozenset(("doi",))
"""Language codes that are labels of identifiers: "doi" is rarely Dogri."""


class Template(NamedTuple):
    """One alternative: alternating texts and columns. It starts and ends with a text.

    `single` is the column of a template that is nothing but a column. Most are.
    """

    texts: tuple[str, ...]
    columns: tuple[str, ...]
    single: str = ""

    def evaluate(self, columns: Columns) -> Sequence[Property]:
        """Return the values of one record, in its order. No column may have a blank value."""
        if self.single:
            return columns.get(self.single, ())
        groups: dict[int, dict[str, list[Property]]] = {}
        for column in self.columns:
            for number, prop in enumerate(columns.get(column, ())):
                # Without a structure, the values of one column are independent.
                is_separate = not prop.group and len(self.columns) == 1
                group = -number if is_separate else prop.group
                groups.setdefault(group, {}).setdefault(column, []).append(prop)
        return [self._combine(groups[group]) for group in sorted(groups, key=abs)]

    def measure(self, columns: Columns) -> int:
        """Return the most characters that it joins for one record. A single column joins none."""
        if self.single:
            return 0
        values = [prop for column in self.columns for prop in columns.get(column, ())]
        between = sum(map(len, self.texts))
        return sum(len(prop.value) for prop in values) + between * len(values)

    def _combine(self, group: Mapping[str, Sequence[Property]]) -> Property:
        """Combine the columns of a group. Keep a text between two columns if both have values."""
        combined, language, number = "", None, 0
        for separator, column in zip(self.texts, self.columns, strict=False):
            for prop in group.get(column, ()):
                between = separator if column != self.columns[0] else " "
                combined += (between if combined else self.texts[0]) + prop.value
                language = language or prop.language
                number = prop.group
        combined += self.texts[-1]
        return Property("", combined, combined, language, number)


def state_person(template: Template) -> Template:
    """Return a template that puts each part of a person's name in braces, so that none is guessed.

    A comma separates the parts, as in `{family}, {given}`. Other templates are not changed.
    """
    if ", " not in template.texts:
        return template
    first, *middle, last = (text.replace(", ", "}, {") for text in template.texts)
    return template._replace(texts=("{" + first, *middle, last + "}"))


def state_body(template: Template) -> Template:
    """Return a template that puts a name in braces, so that it is taken for a body."""
    first, *middle, last = template.texts
    return template._replace(texts=("{" + first, *middle, last + "}"), single="")


def escape(column: str) -> str:
    """Return the specification of a single column."""
    return column.translate(_SPECIAL)


def format_template(template: Template) -> str:
    if template.texts == ("", "") and len(template.columns) == 1:
        return escape(template.columns[0])
    pairs = zip(template.texts, template.columns, strict=False)
    return "".join(f"{escape(text)}{{{escape(column)}}}" for text, column in pairs) + escape(
        template.texts[-1]
    )


@lru_cache(maxsize=1000)
def parse(specification: str) -> tuple[Template, ...]:
    """Return the alternatives of a specification, in order. Every text is valid."""
    alternatives: list[tuple[list[str], list[str]]] = [([""], [])]
    for token in _TOKEN.finditer(specification):
        texts, columns = alternatives[-1]
        if token[1] is not None:
            columns.append(_undouble(token[1]))
            texts.append("")
        elif token[0] == "|":
            alternatives.append(([""], []))
        else:
            texts[-1] += _undouble(token[0])
    found = []
    for texts, columns in alternatives:
        if not columns:
            columns.append(texts[0].strip() if len(alternatives) > 1 else texts[0])
            texts[:] = ["", ""]
        single = columns[0] if texts == ["", ""] else ""
        found.append(Template(tuple(texts), tuple(columns), single))
    return tuple(found)


def list_columns(stated: str | Iterable[str]) -> list[str]:
    """Return the columns that a specification names, or several, in order."""
    specifications = (stated,) if isinstance(stated, str) else stated
    return [
        column for specification in specifications
        for template in parse(specification) for column in template.columns
    ]  # fmt: skip


@lru_cache(maxsize=5000)
def split_language(column: str) -> tuple[str, str | None]:
    """Return the plain name of a column and its language: `dc.title[fr]` is French.

    Another label, as in `identifier[isbn]`, is part of the name.
    """
    match = _LANGUAGE_SUFFIX.fullmatch(column) if column.endswith("]") else None
    if not match or match[2] in _NO_LANGUAGES or (match[2] and not find_languages(match[2])):
        return column, None
    return match[1], match[2]


def _undouble(text: str) -> str:
    return _DOUBLED.sub(lambda doubled: doubled[0][0], text)
