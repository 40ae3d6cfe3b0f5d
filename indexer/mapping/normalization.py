"""Normalization: convert values of mapped sources to one form, and find what separates several.

The form depends on the kind and the role of their field.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache, partial

from indexer.analysis import cleaning
from indexer.catalogue.fields import Field, FieldKind
from indexer.catalogue.records import Property
from indexer.mapping.profile import ColumnProfile
from indexer.values import dates, file_names, identifiers, iso_codes, markup, names
from indexer.values.publication_types import read_type

MAX_NUMBER_CHARS = 50
"""Maximum characters of a symbol or a report number. Some RIS files have references in its tag."""
MAX_ID_CHARS = 150
"""Maximum characters of an id. Validation allows more, because a repeated id gets a number."""
_MAX_CACHED_VALUES = 4000
"""Maximum number of values of a field whose normalization is cached."""
_REPEATING_KINDS = frozenset[FieldKind](("keyword", "year", "date", "language", "isbn", "issn"))
"""Kinds with such a cache. A text is often tried as a value of several fields, or for each article
of a journal."""
_NOT_IN_IDS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_ISBD = re.compile(r"\s+[/:;=,]$")
_IMPRINT = re.compile(r"\s*[:;,]$")
_MARKS, _IMPRINT_ROLES = tuple("/:;=,"), frozenset(("publisher", "publisher-place"))
"""Marks that introduce the next part of a description: "Salt roads :", "New York :", "UN,"."""
_BRACKETS = re.compile(r"\[([^][]*)\]?|([^][]*)\]")
_NOT_KNOWN = re.compile(r"\bnot (?:identified|known|stated)\W*\Z", re.IGNORECASE)
"""Brackets around what a cataloguer added, and a note instead of a publisher or a place."""
_MAJOR = re.compile(r"(?:^|(?<=/))\*(?=\w)")
"""The mark of a major subject of MEDLINE: "*Malaria", "Malaria/*prevention & control"."""
_STATED = re.compile(r"(\{\}?)([^{}]*)(\}?)")
AND_WORDS = ("and", "&", "et", "und", "y", "и")
"""Words before the last of several names."""
_AND = re.compile(rf"(?:^|\s)(?:{'|'.join(AND_WORDS)})\s")
_NO_VALUE = frozenset((*"n/a nan null none (none) [] {} - -- \u2013 \u2014".split(), r"\n"))
"""Texts that programs write in place of a missing value."""
_MAX_NO_VALUE_CHARS = max(map(len, _NO_VALUE))
_NA_KINDS: frozenset[FieldKind] = frozenset(("year", "date", "doi", "isbn", "issn", "link"))
"""Kinds for which "NA" is a missing value, as R writes it. In other fields it may be a name."""
_NO_DATE = re.compile(
    r"\W*(?:undated|(?:date )?unknown|no date|n\.? ?d|s\.? ?[adf]|o\.? ?[dj]|без даты|б\.? ?г"
    r"|in press|forthcoming|to appear|submitted|à paraître|im druck|en prensa|в печати"
    r"|0\d{3}-\d\d-\d\d(?:[ T].*)?)\W*",
    re.IGNORECASE,
)
"""Notes of cataloguers, in several languages, that a publication has no date yet, and dates such as
0000-00-00 or 0101-01-01, which databases have instead of none."""
_NO_ABSTRACT = re.compile(
    r"\W*(?:(?:there is )?no (?:abstract|summary|description)(?: (?:is )?available)?"
    r"|(?:abstract|summary) (?:is )?(?:not|un)(?: |-)?(?:available|provided)|n/?a)\W*",
    re.IGNORECASE,
)


def make_normalizer(field: Field, *, day_first: bool) -> Callable[[str], Sequence[str] | None]:
    """Return the function that normalizes the texts of a field. `day_first`: see `parse_date`.

    It returns the values in one text of a column, in the form that validation expects, or None if
    the text is not a value of this kind. Fields whose values repeat have a cache.
    """
    find = _FINDERS.get(field.role) or _FINDERS.get(field.kind)
    if field.kind == "date":
        find = partial(_find_one, partial(dates.parse_date, day_first=day_first))
    convert = _CONVERTERS.get(field.role) or _CONVERTERS.get(field.kind)
    has_notes = field.role == "abstract" or field.kind in ("language", "year", "date")
    has_lines = field.role == "abstract" or field.kind == "file"

    def normalize(text: str) -> Sequence[str] | None:
        text = text.strip()
        if not text.isascii():
            text = cleaning.compose(markup.repair_encoding(text))
        if (has_notes or len(text) <= _MAX_NO_VALUE_CHARS) and _is_missing_value(field, text):
            return ()
        if find:
            return find(text) or None
        if "<" in text or "&" in text:
            text = markup.strip_markup(text)
        if not has_lines and not (text := cleaning.clean(text)):
            return ()
        if field.role == "keyword" and "*" in text:
            text = _MAJOR.sub("", text)
        if text.endswith(_MARKS) and field.kind in ("text", "keyword"):
            text = (_IMPRINT if field.role in _IMPRINT_ROLES else _ISBD).sub("", text) or text
        return convert(text) if convert else (text,)

    repeats = field.kind in _REPEATING_KINDS or field.role == "number"
    return lru_cache(_MAX_CACHED_VALUES)(normalize) if repeats else normalize


def _is_missing_value(field: Field, text: str) -> bool:
    """Return whether a text means that the value is missing. A title may be any text."""
    if not text or field.role == "title":
        return not text
    return (
        (len(text) <= _MAX_NO_VALUE_CHARS and text.casefold() in _NO_VALUE)
        or (text == "NA" and field.kind in _NA_KINDS)
        or (field.kind in ("year", "date") and _NO_DATE.fullmatch(text) is not None)
        or (field.kind == "language" and iso_codes.is_no_language(text))
        or (field.role == "abstract" and _NO_ABSTRACT.fullmatch(text) is not None)
    )


def split_values(field: Field, text: str, separator: str) -> Sequence[str]:
    """Return the values in one text of a column, of which `separator` separates several."""
    return split_names(text, separator) if field.kind == "name" else text.split(separator)


def split_names(text: str, separator: str) -> Sequence[str]:
    """Return the names in a text.

    If a comma separates names, "and" separates the last two: "Ada Okafor, Li Wu and Eva Marsh".
    "and" separates nothing in the name of a body, such as "Food and Agriculture Organization".
    What a template states of the text, as `{UN; WHO}` or `{}Moss, Ada; Wu, Li`, is true of each.
    """
    if stated := _STATED.fullmatch(text):
        before, inner, after = stated.groups()
        return [f"{before}{name.strip()}{after}" for name in split_names(inner, separator)]
    parts = text.split(separator)
    if separator.strip() in AND_WORDS:
        has_body = any(map(names.is_corporate, parts))
        return [text] if has_body and not are_names(parts) else parts
    if separator.strip() != ",":
        return parts
    listed = [[name for name in _AND.split(part) if name.strip()] for part in parts]
    found = zip(parts, listed, strict=True)
    return [name for part, several in found for name in (several if are_names(several) else [part])]


def are_names(parts: Sequence[str]) -> bool:
    """Return whether parts are names of persons, or beside an inverted one, of bodies too."""
    parsed = [(part, name) for part in parts if (name := names.parse(part))]
    is_inverted = any("," in part and name.given for part, name in parsed)
    return all(name.given or (is_inverted and names.is_corporate(part)) for part, name in parsed)


def make_id(text: str) -> str:
    """Return a text as an id that validation accepts, or "" if none of its characters is usable."""
    text = _NOT_IN_IDS.sub("-", cleaning.compose(text).strip())[:MAX_ID_CHARS]
    text = "".join(char for char in text if char.isprintable())
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def _find_one(find: Callable[[str], object], text: str) -> Sequence[str]:
    value = find(text)
    return (str(value),) if value else ()


def _find_names(text: str) -> Sequence[str]:
    name = names.normalize(text)
    return () if not name else (name if name is text else cleaning.clean(name),)


def _find_imprint(text: str) -> Sequence[str]:
    """Return a publisher or a place without the brackets around it, such as those of "[Baghdad".

    A year and the notes "s.l.", "s.n.", and "not identified" are neither.
    """
    if match := _BRACKETS.fullmatch(text):
        text = match[match.lastindex or 0].strip()
    letters = "".join(filter(str.isalpha, text)).casefold()
    is_date = letters in ("", "c", "cop")
    is_missing = (letters in ("sl", "sn") and "." in text) or _NOT_KNOWN.search(text)
    return () if is_date or is_missing else (text,)


def _find_languages(text: str) -> Sequence[str]:
    letter = iso_codes.UNITED_NATIONS.get(text)  # a table of UN documents has "E" or "E, F"
    codes = (letter,) if letter else iso_codes.find_languages(text)
    return codes or iso_codes.find_named_languages(text)


def _find_links(text: str) -> Sequence[str]:
    """Return the URLs in a text, or else those of its DOIs, such as `info:doi/10.5555/salt`."""
    return identifiers.find_links(text) or [
        *map(identifiers.make_doi_url, identifiers.find_dois(text))
    ]


def _find_numbers(text: str) -> Sequence[str]:
    """Return a number that a publisher gave. A DOI, an ISBN, or an ISSN has a field of its own."""
    issn = identifiers.read("issn", text)
    is_other = (
        identifiers.find_dois(text) or identifiers.find_isbns(text)
        or (issn and issn.sense == "certain")
    )  # fmt: skip
    return (text,) if len(text) <= MAX_NUMBER_CHARS and not is_other else ()


_FINDERS: dict[str | None, Callable[[str], Sequence[str]]] = {
    "year": partial(_find_one, dates.find_year),
    "link": _find_links,
    "language": _find_languages,
    "doi": identifiers.find_dois,
    "pmid": identifiers.find_pmids,
    "isbn": identifiers.find_isbns,
    "issn": identifiers.find_issns,
}
"""The functions that find the values of a role or a kind in a text. For others, any text is one."""
_CONVERTERS: dict[str | None, Callable[[str], Sequence[str]]] = {
    "abstract": markup.split_abstract,
    # Our exports, CSL, and Zotero name a publication without a type a "document".
    "type": lambda text: () if text == "document" else (read_type(text),),
    "number": _find_numbers,
    **dict.fromkeys(_IMPRINT_ROLES, _find_imprint),
    "name": _find_names,
    "file": file_names.find_file_names,
}
"""The functions that convert any text to the values of a role or a kind."""


def order_by_group(values: Sequence[Property]) -> Sequence[Property]:
    """Return values in the order of the source if all of them have a group."""
    is_grouped = all(value.group for value in values)
    return sorted(values, key=lambda value: value.group) if is_grouped else values


def drop_equal(values: Sequence[Property]) -> list[Property]:
    """Return the values without those that differ from an earlier one only in case or spaces."""
    unique: dict[str, Property] = {}
    for prop in values:
        unique.setdefault("".join(prop.value.split()).casefold(), prop)
    return list(unique.values())


_MIN_SHARE = 0.05
"""Minimum share of the values of a column that have the separator."""
_MAX_PART_CHARS = 80
"""Maximum mean length of the longest part of a text. Longer parts are sentences or addresses."""
_MAX_WORD_CHARS = 40
"""Characters of a word that count for the length of its part."""
_MIN_COMMA_SHARE, _MAX_COMMA_PART_CHARS = 0.3, 45
"""The same limits for commas, which also occur inside values."""
CERTAIN = "||"
"""A separator that no value contains. Repositories and our own exports write it."""
_UNSPLIT_KINDS: frozenset[FieldKind] = frozenset(("text", "link", "isbn", "issn"))
"""Kinds that other separators do not separate, because they are part of a value or because the
values are recognized without a separator."""
SEPARATORS = ('";"', ";", "|", "\n", " // ", "^^", "¦", "；", "؛", "、")
"""If several have the same share, the first of them is used. Millennium and Sierra write `";"`."""
_COMMA = ", "
_ANDS = tuple(f" {word} " for word in AND_WORDS)
_PERSON_SEPARATORS = (*_ANDS, " / ", "/", _COMMA, ",")


def is_divisible(text: str, field: Field) -> bool:
    """Return whether an import might find several values of a field in a text."""
    marks = (*SEPARATORS, ",") if field.role == "keyword" else SEPARATORS
    is_split = field.kind not in _UNSPLIT_KINDS and any(mark in text for mark in marks)
    return is_split or CERTAIN in text


def find_separator(
    column: ColumnProfile, kind: FieldKind = "keyword", *, are_subjects: bool = False,
    usual: Collection[str] = (),
) -> str | None:  # fmt: skip
    """Return the separator of the values of a column, or None if each text is one value.

    Texts are whole values if the source lists them, or if many records have several. " and " or a
    comma may separate names too if all parts are names of persons. "United Nations Office on Drugs
    and Crime" is one name. `are_subjects`: a comma may separate the values if the parts are short.
    `usual`: the separators of other columns of the file. Even a single text with one is a list.
    """
    texts = [text for text in column.values if text]
    if any(CERTAIN in text for text in texts):
        return CERTAIN
    if kind in _UNSPLIT_KINDS or column.is_listed or column.is_repeated:
        return None
    shares = {
        candidate: _share(texts, candidate) for candidate in SEPARATORS
        if _mean_longest_part(texts, candidate) <= _MAX_PART_CHARS
    }  # fmt: skip
    best = max(shares, key=shares.__getitem__, default="")
    if best and shares[best] and (best in usual or shares[best] >= _MIN_SHARE):
        return best
    if kind == "name":
        return _find_separator_of_persons(texts)
    is_listed = are_subjects and _share(texts, ",") >= _MIN_COMMA_SHARE
    return "," if is_listed and _mean_longest_part(texts, ",") <= _MAX_COMMA_PART_CHARS else None


def _find_separator_of_persons(texts: list[str]) -> str | None:
    """Return the separator of persons. With a comma, "and" may precede the last person."""
    fitting = [mark for mark in _PERSON_SEPARATORS if _separates_persons(texts, mark)]
    is_mixed = _COMMA in fitting and any(
        _COMMA in text and any(word in text for word in _ANDS) for text in texts
    )
    return _COMMA if is_mixed else next(iter(fitting), None)


def _share(texts: Collection[str], separator: str) -> float:
    return sum(separator in text.strip(separator) for text in texts) / max(1, len(texts))


def _mean_longest_part(texts: Iterable[str], separator: str) -> float:
    longest = [max(map(_count_chars, text.split(separator))) for text in texts if separator in text]
    return sum(longest) / len(longest) if longest else 0.0


def _count_chars(part: str) -> int:
    """Return the length of a part. A single word of any length is no sentence."""
    return len(part) - sum(max(len(word) - _MAX_WORD_CHARS, 0) for word in part.split())


def _separates_persons(texts: list[str], separator: str) -> bool:
    """Return whether the parts are names of persons in nearly all texts with the separator.

    Each part between commas must have its own given name, unlike in "Family, Given".
    """
    separated = [text for text in texts if separator in text]
    if not separated or len(separated) < _MIN_SHARE * len(texts):
        return False
    good = 0
    for text in separated:
        parts = split_names(text, separator)
        parsed = [(part, name) for part in parts if (name := names.parse(part)) and name.given]
        is_mixed = len({"," in part for part, _ in parsed}) > 1
        # "Ada Okafor, Li Wu and Eva Marsh" has a comma that separates persons.
        is_wrong = any(is_mixed and "," in part and " " in name.family for part, name in parsed)
        good += len(parts) > 1 and are_names(parts) and not is_wrong
    return good >= 0.9 * len(separated)
