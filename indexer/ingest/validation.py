"""Validation: convert an unchecked entry to a publication, or report a problem.

An invalid value is dropped, but its entry is kept. Only an entry without a title or with an
invalid id is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process

from indexer.analysis import language_detection
from indexer.analysis.cleaning import clean, is_visible, slug
from indexer.catalogue import iso_codes
from indexer.catalogue import limits as limiting
from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Entry, Link, Problem, Property, Publication, Value

LONGEST_ID = 200
LONGEST_SHOWN = 80
LONGEST_NAME = 100
"""Characters. A longer unknown property name is not checked for a typo."""
EARLIEST_YEAR = 1000


class Unusable(ValueError):
    """An invalid value: `what` is wrong with it, and a `hint` how to fix it."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


def publication(
    entry: Entry,
    catalogue: Catalogue,
    report: Callable[[Problem], None],
    limits: Limits = LIMITS,
) -> Publication | None:
    """Return the publication that an entry describes, or None if it is left out.

    `report` receives a Problem for everything that is not usable, with its line and a hint.
    """
    checked = _Checked(entry, catalogue, report, limits)
    title_row = catalogue.role("title")
    titles = checked.texts(title_row) if title_row else []
    if not is_visible("".join(titles)):
        checked.problem("it has no title", "Every entry needs one: it was left out", None)
        return None
    checked.name = titles[0]
    values = checked.values()
    identity = checked.identity(titles[0], values)
    if identity is None:
        return None
    title, summary_row = " ".join(titles), catalogue.role("summary")
    summary = "\n\n".join(checked.texts(summary_row)) if summary_row else ""
    return Publication(
        id=identity,
        title=title,
        summary=summary or None,
        lang=checked.title_language(title_row, f"{title}\n{summary}"),
        values=values,
        source=entry.source,
    )


class _Checked:
    """Validator of one entry. `stated` has its properties by field name."""

    def __init__(
        self, entry: Entry, catalogue: Catalogue, report: Callable[[Problem], None],
        limits: Limits,
    ) -> None:  # fmt: skip
        self.entry, self.catalogue, self.report = entry, catalogue, report
        self.given = clean(entry.id or "")
        self.name = self.given if entry.id else None
        self.stated: defaultdict[str, list[Property]] = defaultdict(list)
        fields = catalogue.by_source_name
        for stated in entry.properties:
            if field := fields.get(stated.name):
                self.stated[field.name].append(stated)
            else:
                self._unknown(stated.name)
        if sum([stated.length for stated in entry.properties]) > limits.longest_field:
            self._cut(limits)

    def _cut(self, limits: Limits) -> None:
        """Drop and report the values that exceed the length limit of their field."""
        for name, stated in self.stated.items():
            kept, left = [], limits.longest_field
            for each in stated:
                if each.length <= left:
                    kept.append(each)
                    left -= each.length
            if len(kept) < len(stated):
                length = sum(each.length for each in stated)
                what = f"its values have {length} characters, more than {limits.longest_field}"
                do = limiting.hint("longest_field")
                self.problem(what, do, self.catalogue.by_name[name])
                self.stated[name] = kept

    def _unknown(self, name: str) -> None:
        """Report an unknown property name that looks like a typo. Ignore any other."""
        if len(name) > LONGEST_NAME:
            return
        if meant := _meant(name, tuple(self.catalogue.by_source_name)):
            self.problem(f"{name!r} is no field of this catalogue", f"Is it {meant!r}?", None)

    def problem(self, what: str, hint: str, field: Field | None) -> None:
        told = f"{field.label}: {what}" if field else what
        source = self.entry.source
        self.report(Problem(source.file, source.line, told, hint, self.name))

    def texts(self, field: Field) -> list[str]:
        stated = self.stated.get(field.name, ())
        return [text for each in stated if (text := clean(each.text or each.value))]

    def title_language(self, field: Field | None, text: str) -> str | None:
        stated = self.stated[field.name][0].language if field else None
        code = iso_codes.language_code(stated) if stated else None
        if field and field.detects and not stated:
            code = language_detection.language_of(text)
        if stated and code is None:
            hint = "Write a code such as es after lang="
            self.problem(f"the language {_shown(stated)} of the title is unknown", hint, None)
        return None if code == self.catalogue.language else code

    def values(self) -> dict[str, tuple[Value, ...]]:
        """Return the valid values of each field that has any, except title and summary."""
        found: dict[str, tuple[Value, ...]] = {}
        for field in self.catalogue.valued:
            if stated := self.stated.get(field.name):
                usable = self._usable(stated, field)
                if len(usable) > 1:
                    usable = self._kept(usable, field)
                if usable:
                    found[field.name] = tuple(usable)
            elif field.required:
                self.problem("it is missing", "Add it: this catalogue requires it", field)
        return found

    def _usable(self, stated: list[Property], field: Field) -> list[Value]:
        """Return the valid values of a field. Report the others."""
        check, limited = _CHECKS[field.kind], field.values or field.grouping
        found: list[Value] = []
        for each in stated:
            try:
                value = check(each)
                if value is None:
                    continue
                if limited or value == MISSING:
                    self._allow(value, field)
                if each.language:
                    self._tell_lost_language(each, value, field)
                found.append(value)
            except Unusable as unusable:
                self.problem(unusable.what, unusable.hint, field)
        return found

    def _kept(self, values: list[Value], field: Field) -> list[Value]:
        """Deduplicate the values. Keep only the first if the field allows one value."""
        kept = list(dict.fromkeys(values))
        if len(kept) > 1 and not field.several:
            self.problem(
                "it has several values",
                f"Only the first, {str(kept[0])[:LONGEST_SHOWN]}, was taken",
                field,
            )
            kept = kept[:1]
        return kept

    def _allow(self, value: Value, field: Field) -> None:
        if value == MISSING:
            raise Unusable(f"{MISSING!r} stands for having no value", "Leave the field out")
        if field.values and str(value) not in field.values:
            allowed = ", ".join(field.values)
            raise Unusable(
                f"{_shown(value)} is not a value of this catalogue", f"Allowed: {allowed}"
            )
        if field.grouping and str(value) not in self.catalogue.groups:
            hint = f"Add it to {field.grouping}"
            raise Unusable(f"{_shown(value)} stands in no group of {field.parent}", hint)

    def _tell_lost_language(self, stated: Property, value: Value, field: Field) -> None:
        if isinstance(value, Link) and stated.language and not value.language:
            what = f"the language {_shown(stated.language)} of {_shown(value.url)} is unknown"
            self.problem(what, "Write a code such as en or fr", field)

    def identity(self, title: str, values: dict[str, tuple[Value, ...]]) -> str | None:
        """Return the given id, or None if it is invalid. Without one, make a slug of the title."""
        given = self.given
        if not given:
            date_row = self.catalogue.role("date")
            years = values.get(date_row.name, ()) if date_row else ()
            return slug(title, int(str(years[0])) if years else None)
        parts = given.split("/")
        within = {".", ".."}.isdisjoint(parts) and parts[0] and parts[-1]
        # Unprintable characters include other whitespace, and can hide or reverse text.
        if within and " " not in given and given.isprintable() and len(given) <= LONGEST_ID:
            return given
        rule = (
            f"An id has at most {LONGEST_ID} characters, no spaces and none that can't be seen, "
            "no / at its ends and no . or .. between them: it was left out"
        )
        self.problem(f"the id {_shown(given)} can't be used", rule, None)
        return None


_NEARLY = 80
"""Minimum similarity, from 0 to 100, of an unknown name and the field name that it may mean."""


@lru_cache(maxsize=1000)
def _meant(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known name most similar to `name`, if any. Cached: each line repeats its names."""
    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=_NEARLY)
    return found[0] if found else None


def _shown(value: object) -> str:
    """Return a value for a problem message: quoted, and truncated if long."""
    return repr(value[:LONGEST_SHOWN] if isinstance(value, str) else value)


def _keyword(stated: Property) -> Value | None:
    return clean(stated.value) or None


def _year(stated: Property) -> Value | None:
    return _possible_year(stated.value)


@lru_cache(maxsize=1000)
def _possible_year(date: str) -> int:
    """Return the year of an ISO date. Raise Unusable if it is malformed or out of range.

    Results are cached, because a corpus repeats few dates. Errors are not, because the latest
    valid year changes with time.
    """
    written = clean(date)
    match = re.fullmatch(r"(\d{4})(-\d\d){0,2}", written, re.ASCII)
    latest = datetime.now(UTC).year + 1
    if match and EARLIEST_YEAR <= int(match[1]) <= latest:
        return int(match[1])
    hint = f"Write four digits, {EARLIEST_YEAR} to {latest}"
    raise Unusable(f"{_shown(written)} is no possible year", hint)


def _language(stated: Property) -> Value | None:
    code = iso_codes.language_code(stated.value) or iso_codes.language_code(stated.text)
    if code is None:
        raise Unusable(
            f"the language {_shown(stated.value)} is unknown", "Write a code such as en or fr"
        )
    return code


def _country(stated: Property) -> Value | None:
    code = iso_codes.country_code(stated.value) or iso_codes.country_code(stated.text)
    if code is None:
        raise Unusable(
            f"the country {_shown(stated.value)} is unknown", "Write a code such as IN or MD"
        )
    return code


def _link(stated: Property) -> Value | None:
    address = stated.value.strip()
    if address in ("", "#"):
        return None
    try:
        safe = urlsplit(address).scheme in ("http", "https") and bool(urlsplit(address).hostname)
    except ValueError:
        safe = False
    if not safe or address != clean(address) or " " in address:
        hint = "Give a whole address, from http:// or https:// on"
        raise Unusable(f"{_shown(address)} is no address on the web", hint)
    code = iso_codes.language_code(stated.language) if stated.language else None
    label = clean(stated.text)
    return Link(address, "" if label == address else label, code)


_CHECKS: dict[str, Callable[[Property], Value | None]] = {
    "text": _keyword,
    "keyword": _keyword,
    "year": _year,
    "language": _language,
    "country": _country,
    "link": _link,
}
