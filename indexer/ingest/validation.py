"""Validation: convert an unchecked entry to a publication, or report a problem.

An invalid value is dropped, but its entry is kept. Only an entry without a title or with an
invalid id is left out.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process

from indexer.analysis import language_detection
from indexer.analysis.cleaning import clean, is_visible, make_slug
from indexer.catalogue import access
from indexer.catalogue.fields import MISSING, Catalogue, Field, FieldKind
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import (
    Link,
    Normalized,
    Problem,
    Property,
    Publication,
    Report,
    SourceRecord,
    Value,
)
from indexer.values import dates, file_names, identifiers, iso_codes, names

MAX_SHOWN_CHARS = 80
MIN_YEAR = 1000
_NOT_IN_URLS = str.maketrans({char: f"%{ord(char):02X}" for char in '"<>[\\]^`{|}'})
"""ASCII characters that no path, query, or fragment may have (RFC 3986), and their encodings. They
are encoded after the host."""


class InvalidValue(ValueError):
    """An invalid value. Its arguments are the message and a hint."""


def quote(value: object) -> str:
    """Return a value for a problem message: quoted, and truncated if long."""
    return repr(value[:MAX_SHOWN_CHARS] if isinstance(value, str) else value)


def _check_keyword(stated: Property) -> Value | None:
    return clean(stated.value) or None


@lru_cache(maxsize=1000)
def _parse_year(date: str) -> int:
    """Return the year of an ISO date. Raise InvalidValue if it is malformed or out of range.

    Results are cached, because a corpus repeats few dates. Errors are not, because the latest
    valid year changes with time.
    """
    text = clean(date)
    match = re.fullmatch(r"(\d{4})(-\d\d){0,2}", text, re.ASCII)
    latest = datetime.now(UTC).year + 1
    if match and MIN_YEAR <= int(match[1]) <= latest:
        return int(match[1])
    hint = f"Write four digits, from {MIN_YEAR} to {latest}"
    raise InvalidValue(f"{quote(text)} is not a valid year", hint)


def _check_date(stated: Property) -> Value | None:
    text = clean(stated.value)
    if text and not (date := dates.parse_date(text)):
        raise InvalidValue(f"{quote(text)} is not a date with a year", "Write it as 2014-03-31")
    return date if text else None


def _check_identifier(
    name: str, example: str, find: Callable[[str], Sequence[str]], stated: Property
) -> Value | None:
    """Return an identifier. `example` is one in the correct form."""
    text = clean(stated.value)
    if text and not (valid := find(text)):
        hint = f"Write it as {example}, and check its digits"
        raise InvalidValue(f"{quote(text)} is not a valid {name}", hint)
    return valid[0] if text else None


def _check_code(
    name: str, examples: str, find: Callable[[str], str | None], stated: Property
) -> Value | None:
    code = find(stated.value) or find(stated.text)
    if code is None:
        hint = f"Write a code such as {examples}"
        raise InvalidValue(f"the {name} {quote(stated.value)} is unknown", hint)
    return code


def _check_link(stated: Property) -> Value | None:
    url = stated.value.strip()
    if identifiers.is_plain_url(url) and stated.text == stated.value and not stated.language:
        return Link(url)
    if url in ("", "#"):
        return None
    if not identifiers.is_web_url(url):
        hint = "Write a full URL that starts with http:// or https://, without a user"
        raise InvalidValue(f"{quote(url)} is not a web URL", hint)
    code = iso_codes.find_language_code(stated.language) if stated.language else None
    label = clean(stated.text)
    end = url.index("//") + 2 + len(urlsplit(url).netloc)
    encoded = url[:end] + url[end:].translate(_NOT_IN_URLS)
    return Link(encoded, "" if label == url else label, code)


def _check_file(stated: Property) -> Value | None:
    text = stated.value.strip()
    path = file_names.clean_path(text)
    if text and not path:
        hint = "Write its name or its path in the corpus folder, such as files/report.pdf"
        raise InvalidValue(f"{quote(text)} is not the name of a file", hint)
    return path or None


TEXT_KINDS: frozenset[FieldKind] = frozenset(("text", "keyword", "identifier", "name"))
"""Kinds of which any text with letters is a value."""
CHECKS: dict[FieldKind, Callable[[Property], Value | None]] = {
    "text": _check_keyword,
    "keyword": _check_keyword,
    "identifier": _check_keyword,
    "year": lambda stated: _parse_year(stated.value),
    "language": partial(_check_code, "language", "en or fr", iso_codes.find_language_code),
    "country": partial(_check_code, "country", "IN or MD", iso_codes.find_country_code),
    "link": _check_link,
    "file": _check_file,
    "name": lambda stated: names.normalize(clean(stated.value)),
    "date": _check_date,
    "doi": partial(_check_identifier, "DOI", "10.1000/182", identifiers.find_dois),
    "pmid": partial(_check_identifier, "PubMed number", "12345678", identifiers.find_pmids),
    "isbn": partial(_check_identifier, "ISBN", "9783161484100", identifiers.find_isbns),
    "issn": partial(_check_identifier, "ISSN", "0378-5955", identifiers.find_issns),
}
"""The check for each kind. It returns None for an empty value, or raises InvalidValue."""


MAX_ID_CHARS = 200
MAX_NAME_CHARS = 100
"""Characters. A longer unknown property name is not checked for a typo."""


def validate(
    entry: SourceRecord, catalogue: Catalogue, report: Report, limits: Limits = LIMITS
) -> Publication | None:
    """Return the publication that an entry describes, or None if it is left out.

    `report` receives a Problem for everything that is not usable, with its line and a hint.
    """
    validator = _Validator(entry, catalogue, report, limits)
    title_field = catalogue.find_by_role("title")
    titles = validator.get_texts(title_field) if title_field else []
    if not is_visible("".join(titles)):
        validator.report("it has no title", "Add a title. The entry was left out")
        return None
    validator.name = titles[0]
    values = validator.validate_values()
    identity = validator.make_id(titles[0], values)
    if identity is None:
        return None
    title, summary_field = " ".join(titles), catalogue.find_by_role("abstract")
    summary = "\n\n".join(validator.get_texts(summary_field)) if summary_field else ""
    return Publication(
        id=identity,
        title=title,
        summary=summary or None,
        lang=validator.find_title_language(title_field, f"{title}\n{summary}"),
        values=values,
        source=entry.source,
    )


class _Validator:
    """Validator of one entry. `stated` contains its properties by field name."""

    def __init__(
        self, entry: SourceRecord, catalogue: Catalogue, report: Report, limits: Limits
    ) -> None:
        self.entry, self.catalogue, self._report = entry, catalogue, report
        self.stated_id = clean(entry.id or "")
        self.name = self.stated_id if entry.id else None
        self.stated: defaultdict[str, list[Property]] = defaultdict(list)
        fields, most_chars = catalogue.by_source_name, 0
        for stated in entry.properties:
            if field := fields.get(stated.name):
                self.stated[field.name].append(stated)
            else:
                # A name that looks like a typo is reported. Any other is ignored.
                name, names = stated.name, tuple(fields)
                if len(name) <= MAX_NAME_CHARS and (match := _suggest_name(name, names)):
                    message = f"{name!r} is not a field of this catalogue"
                    self.report(message, f"Did you mean {match!r}?")
            # The sum is an upper bound of all lengths, and faster than the exact one.
            most_chars += len(stated.value) + len(stated.text) + len(stated.language or " ")
        if most_chars > limits.longest_field:
            self._drop_excess(limits)

    def _drop_excess(self, limits: Limits) -> None:
        """Drop and report the values that exceed the length limit of their field."""
        for name, stated in self.stated.items():
            kept, remaining = [], limits.longest_field
            for prop in stated:
                if prop.length <= remaining:
                    kept.append(prop)
                    remaining -= prop.length
            if len(kept) < len(stated):
                length = sum(prop.length for prop in stated)
                message = f"its values have {length} characters, more than {limits.longest_field}"
                hint, field = suggest_raising("longest_field"), self.catalogue.by_name[name]
                if field.restricted:  # a dropped value may be
                    hint += access.UNTIL_THEN
                    kept.append(Property(name, field.restricted[0], field.restricted[0]))
                self.report(message, hint, field)
                self.stated[name] = kept

    def report(self, message: str, hint: str, field: Field | None = None) -> None:
        text = f"{field.label}: {message}" if field else message
        source = self.entry.source
        self._report(Problem(source.file, source.line, text, hint, self.name))

    def get_texts(self, field: Field) -> list[str]:
        stated = self.stated.get(field.name, ())
        return [text for prop in stated if (text := clean(prop.text or prop.value))]

    def find_title_language(self, field: Field | None, text: str) -> str | None:
        stated = self.stated[field.name][0].language if field else None
        code = iso_codes.find_language_code(stated) if stated else None
        if field and field.detects and not stated:
            code = language_detection.detect_language(text)
        if stated and code is None:
            hint = "Write a code such as es in lang="
            self.report(f"the language {quote(stated)} of the title is unknown", hint)
        return None if code == self.catalogue.language else code

    def validate_values(self) -> dict[str, tuple[Value, ...]]:
        """Return the valid values of each field that has any, except title and summary."""
        values: dict[str, tuple[Value, ...]] = {}
        for field in self.catalogue.valued:
            if stated := self.stated.get(field.name):
                checked = self._check_values(stated, field)
                if len(checked) > 1:
                    checked = list(dict.fromkeys(checked))
                if len(checked) > 1 and not field.several:
                    restricted = (each for each in checked if access.find_restricted(each, field))
                    used = next(restricted, checked[0])
                    hint = f"Keep one. Only {str(used)[:MAX_SHOWN_CHARS]} was used"
                    self.report("it has several values", hint, field)
                    checked = [used]
                if checked:
                    values[field.name] = tuple(checked)
            elif field.required:
                self.report("it is missing", "Add it. This catalogue requires it", field)
        return values

    def _check_values(self, stated: list[Property], field: Field) -> list[Value]:
        check, is_limited = CHECKS[field.kind], field.values or field.grouping
        is_text = field.kind in TEXT_KINDS
        values: list[Value] = []
        for prop in stated:
            try:
                # The mapper has made the normal form of a text. Making it again takes long.
                is_normal = is_text and type(prop) is Normalized
                value = prop.value if is_normal else check(prop)
                if value is None:
                    continue
                if field.restricted:
                    value = self._find_restricted(value, field) or value
                if is_limited or value == MISSING:
                    self._allow(value, field)
                if prop.language and isinstance(value, Link) and not value.language:
                    place = f"{quote(prop.language)} of {quote(value.url)}"
                    hint = "Write a code such as en or fr"
                    self.report(f"the language {place} is unknown", hint, field)
                values.append(value)
            except InvalidValue as error:
                message, hint = error.args
                if field.restricted:
                    hint += access.UNTIL_THEN
                    values.append(field.restricted[0])
                self.report(message, hint, field)
        return values

    def _find_restricted(self, value: Value, field: Field) -> str | None:
        """Return the restricted value that a value means, or seems to mean.

        Report one that it only seems to mean, or only mentions.
        """
        if restricted := access.find_restricted(value, field):
            return restricted
        text = str(value)
        if text in field.values:
            return None
        doubtful = access.find_doubtful(text, field.restricted)
        if doubtful and not doubtful.is_negated:
            meant = quote(doubtful.restricted)
            message = f"{quote(value)} seems to be {meant}, which is restricted"
            hint = "Correct it, or list it in the values of the field. It was taken as restricted"
            self.report(message, hint, field)
            return doubtful.restricted
        if doubtful and not field.values:
            meant = quote(doubtful.restricted)
            message = f"{quote(value)} mentions {meant}, but is not restricted"
            hint = f"If it is, write {meant}. Otherwise list it in the values of the field"
            self.report(message, hint, field)
        return None

    def _allow(self, value: Value, field: Field) -> None:
        if value == MISSING:
            raise InvalidValue(f"{MISSING!r} is reserved for a missing value", "Remove the field")
        if field.values and str(value) not in field.values:
            allowed = ", ".join(field.values)
            message = f"{quote(value)} is not a value of this catalogue"
            raise InvalidValue(message, f"Use one of: {allowed}")
        if field.grouping and str(value) not in self.catalogue.groups:
            hint = f"Add it to {field.grouping}"
            raise InvalidValue(f"{quote(value)} is not assigned to any {field.parent}", hint)

    def make_id(self, title: str, values: dict[str, tuple[Value, ...]]) -> str | None:
        """Return the given id, or None if it is invalid. Without one, make a slug of the title."""
        stated = self.stated_id
        if not stated:
            date_field = self.catalogue.date_field
            years = values.get(date_field.name, ()) if date_field else ()
            return make_slug(title, int(str(years[0])) if years else None)
        parts = stated.split("/")
        is_inside = {".", ".."}.isdisjoint(parts) and parts[0] and parts[-1]
        # Unprintable characters include other whitespace, and can hide or reverse text.
        if is_inside and " " not in stated and stated.isprintable() and len(stated) <= MAX_ID_CHARS:
            return stated
        hint = (
            f"Use at most {MAX_ID_CHARS} visible characters, no spaces, no / at either end, "
            "and no . or .. between slashes. The entry was left out"
        )
        self.report(f"the id {quote(stated)} can't be used", hint)
        return None


_MIN_SIMILARITY = 80
"""Minimum similarity, from 0 to 100, of an unknown name and the field name that it may mean."""


@lru_cache(maxsize=1000)
def _suggest_name(name: str, names: tuple[str, ...]) -> str | None:
    """Return the known name most similar to `name`, if any. Cached: each line repeats its names."""
    match = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
    return match[0] if match else None
