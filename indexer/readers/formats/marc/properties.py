"""Convert MARC fields to properties, with one column for each field and subfield.

The subfields of a field share a group up to the next heading ($a). A column is `245$a`, or
`700[editor]$a` if a role, an indicator, or a link decides the meaning of a field. Indicators do not
become columns.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import count

import msgspec

from indexer import toml
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Property
from indexer.readers.formats.marc.syntaxes import LEADER, Field, find_value
from indexer.values.identifiers import find_dois
from indexer.values.iso_codes import find_languages

_ROLE_TAGS = frozenset(("100", "110", "111", "700", "710", "711", "720"))
_UNIMARC_ROLE_TAGS = frozenset(
    ("700", "701", "702", "703", "710", "711", "712", "713", "720", "721", "722", "730")
)
_IMPRINTS = {"0": "production", "2": "distribution", "3": "manufacture", "4": "copyright"}
"""Meanings of the second indicator of field 264. Any other is a publication."""
_NUMBERS = frozenset(("doi", "pmid"))
"""Sources of numbers ($2) that have columns of their own."""
_WITHOUT_ISBD = frozenset("cn")
"""Position 18 of the leader: punctuation between subfields is left out."""
_WORK, _RELATED = "0", "2"
"""Second indicators of field 856: a link to the work itself, and one to something about it."""
_FULL_TEXT = re.compile(
    r"[./]pdf\b|full.?text|texte? (?:intégral|completo)|volltext|полный текст|全文|النص الكامل",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"\.(?:gif|jpe?g|png|svg|webp)\b|^image/", re.IGNORECASE)
_COVER = re.compile(r"\bcover\b|thumbnail|couverture|cubierta|portada|umschlag", re.IGNORECASE)
_EDITED = re.compile(
    r"\W*(?:edited|editors?\b|eds?\.|editad|édité|edit[éeo]|hrsg|herausgegeben|hg\.|sous la dir"
    r"|sous la réd|a cura|red(?:\.|igiert|igerad|aktion)|coord|под ред)",
    re.IGNORECASE,
)
"""The start of a statement of responsibility that names only editors."""
_LANGUAGES = {"242": "y", "510": "z", "541": "z", "856": "y3", "880": "6"}
"""Fields of titles and links in both dialects, with the codes of the subfields that state their
language. In 880, the link to the title does: its original script is in the language of the record.
"""
_PLACE = re.compile(
    r"\b(?:(?P<volume>vol(?:ume)?|v|bd|jg|jahrg|tome?)|(?P<issue>n[or]|num(?:ber)?|issue|iss|heft|h)"
    r"|(?P<pages>pp?|pages?|s|seiten?))\b(?:\.\s*|\s*:\s*|\s+)"
    r"(?P<value>\w[\w./]*(?:\s?[-\u2010-\u2013]\s?\w+)?)",
    re.IGNORECASE,
)
"""A part of the place in a host item, such as "vol. 3", "no. 2", "p. 5-10", or "volume:14"."""
_NON_SORTING = re.compile("[\x88\x89\x98\x9c]|\u02dc([^\u02dc\u0153]{1,20})\u0153")
"""Control characters around words that are ignored in sorting, such as articles, or the characters
that their numbers have in Windows-1252."""
_DIRECTION_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069 \t\r\n"


def list_properties(
    fields: Sequence[Field], limits: Limits, *, is_unimarc: bool
) -> tuple[Property, ...]:
    """Return all fields of a record as properties, the main link before the others."""
    links = [field for field in fields if field.tag == "856"]
    main = min(links, key=_rank_link, default=None)
    has_main = main is not None and not _is_image(main)
    ordered = iter(sorted(links, key=lambda link: link is not main))
    has_isbd = find_value(fields, LEADER)[18:19] not in _WITHOUT_ISBD
    coded = read_coded_values(fields, is_unimarc=is_unimarc)
    is_edited = not is_unimarc and _names_editors_only(fields)
    properties: list[Property] = []
    groups = count(1)
    for stated in fields:
        field = next(ordered) if stated.tag == "856" else stated
        qualifier = _qualify_unimarc(field) if is_unimarc else _qualify(field, is_edited=is_edited)
        qualifier = "image" if field.tag == "856" and has_main and _is_image(field) else qualifier
        language = _find_language(field, coded.get("008/35-37", ""))
        properties += _convert(field, groups, qualifier, language, has_isbd=has_isbd)
        if len(properties) > limits.most_parts:
            break
    properties += (Property(name, value, value) for name, value in coded.items())
    return tuple(properties)


def name_column(tag: str, indicators: str, code: str) -> str:
    """Return the column of MARC 21 for a heading of a table; subfield $a if it has no code."""
    if tag < "010":
        return tag
    qualifier = _qualify(Field(tag, f"{indicators:2}", ()), is_edited=False)
    return f"{tag}{f'[{qualifier}]' if qualifier else ''}${code or 'a'}"


def _convert(
    field: Field, groups: Iterator[int], qualifier: str, language: str | None, *, has_isbd: bool
) -> Iterator[Property]:
    """Yield the values of a field, and the parts of a place in a host item (773 $g).

    A second heading ($a) in a field begins a group of its own.
    """
    group, has_heading = next(groups), False
    tag = "leader" if field.tag == LEADER else field.tag
    is_control = not (field.indicators or len(field.subfields) > 1 or field.subfields[0][0])
    prefix = f"{tag}[{qualifier}]$" if qualifier else f"{tag}$"
    for code, value in field.subfields:
        text = value if value.isascii() else _NON_SORTING.sub(r"\1", value).strip(_DIRECTION_MARKS)
        text = (strip_punctuation(tag, code, text) if has_isbd else text).strip()
        if text and is_control:
            yield Property(tag, text, text)
        elif text:
            if code == "a":
                group, has_heading = next(groups) if has_heading else group, True
            yield Property(prefix + code, text, text, language, group)
            if prefix + code == "773$g":
                for part, words in _split_place(text):
                    yield Property(f"773$g/{part}", words, words, None, group)


def _qualify(field: Field, *, is_edited: bool) -> str:
    """Return the qualifier in the column name of a MARC 21 field, or an empty string."""
    tag = field.tag
    if tag in _ROLE_TAGS:
        return _qualify_name(field, is_edited=is_edited)
    if tag == "264":
        return _IMPRINTS.get(field.indicators[1:], "")
    if tag == "024":
        return _find_number_type(field)
    if tag == "655":
        return "local" if "local" in field.get("2") else ""
    if tag == "880":
        return "".join(field.get("6")[:1])[:3]
    return ""


def _qualify_name(field: Field, *, is_edited: bool) -> str:
    """Return "work" for the author of another work, the role, or "forename" for a whole name."""
    if field.tag[0] == "7" and field.get("t"):
        return "work"
    # In a field of a meeting, $e is a part of the meeting, and $j is the role.
    relators = field.get("j4" if field.tag.endswith("11") else "e4")
    role = classify_role(relators)
    if role == CONTRIBUTOR and field.tag == "100":
        role = AUTHOR
    if is_edited and not relators and field.tag in ("700", "720"):
        role = EDITOR
    is_whole = field.tag in ("100", "700") and field.indicators[:1] in ("0", "3")
    if is_whole and not role and not any("," in value for value in field.get("a")):
        return "forename"
    return role


def _qualify_unimarc(field: Field) -> str:
    """Return the qualifier in the column name of a UNIMARC field, or an empty string."""
    if field.tag in _UNIMARC_ROLE_TAGS:
        relators = field.get("4")
        # A person of secondary responsibility (702, 712) without a role is rarely an author.
        if not relators and field.tag[2] == "2":
            return CONTRIBUTOR
        is_whole = field.tag < "710" and field.indicators[1:] == "0" and not field.get("b")
        return classify_role(relators) or ("forename" if is_whole else AUTHOR)
    return _find_number_type(field) if field.tag == "017" else ""


def _find_number_type(field: Field) -> str:
    """Return "doi" or "pmid" for a field with such a number, or an empty string."""
    stated = next((value.strip().lower() for value in field.get("2")), "")
    has_doi = any(map(find_dois, field.get("a")))
    return stated if stated in _NUMBERS else "doi" if has_doi else ""


def _is_image(field: Field) -> bool:
    """Return whether a link leads to an image. Beside other links, it is that of the cover."""
    return any(map(_IMAGE.search, field.get("uq"))) or any(map(_COVER.search, field.get("3yz")))


def _rank_link(field: Field) -> tuple[bool, bool, bool, bool]:
    """Return a sort key: the main link leads to the work, and if possible to a full text."""
    relation = field.indicators[1:]
    has_text = any(map(_FULL_TEXT.search, field.get("u3qyz")))
    return _is_image(field), relation == _RELATED, relation != _WORK, not has_text


def _find_language(field: Field, record_language: str) -> str | None:
    """Return the language of a title or of the page at a link, if a field states it."""
    if field.tag not in _LANGUAGES:
        return None
    stated = field.get(_LANGUAGES[field.tag])
    if field.tag == "880":
        stated = (record_language,) if any(link.startswith("245") for link in stated) else ()
    return next((code for text in stated for code in find_languages(text)), None)


def _split_place(text: str) -> Iterator[tuple[str, str]]:
    """Yield the volume, issue, and pages in the place of a part, or else the whole text."""
    parts = list(_PLACE.finditer(text))
    for part in parts:
        is_whole = len(parts) == 1 and part.start() == 0
        name = next(name for name in ("volume", "issue", "pages") if part[name])
        yield name, text[part.start("value") :] if is_whole else part["value"]
    if not parts:
        yield "text", text


def _names_editors_only(fields: Sequence[Field]) -> bool:
    """Return whether a record has no main author, and its statement starts with editors."""
    if any(field.tag in ("100", "110", "111") for field in fields):
        return False
    stated = [value for field in fields if field.tag == "245" for value in field.get("c")]
    return any(map(_EDITED.match, stated))


AUTHOR, EDITOR, CONTRIBUTOR = "", "editor", "contributor"
"""A role in the name of a column. Authors are the usual case, so their role is empty."""
_LONG_CODE = re.compile(r"0\d{3}")
_YEAR = re.compile(r"\d{4}")
_GREGORIAN = re.compile(r"1[5-9]\d\d|20\d\d|14[5-9]\d")
"""Gregorian years since the first printed books, from 1450."""


class _Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes and the prefixes of terms that mean a role. `not_terms` are exceptions."""

    codes: frozenset[str]
    terms: tuple[str, ...]
    not_terms: tuple[str, ...] = ()

    def includes(self, relator: str) -> bool:
        """Return whether a code or a term in lowercase means this role."""
        is_term = relator.startswith(self.terms) and not relator.startswith(self.not_terms)
        return relator in self.codes or is_term


class _Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of types by dialect and code, names of levels by code, and roles."""

    types: dict[str, dict[str, str]]
    levels: dict[str, str]
    roles: dict[str, _Role]


@cache
def _load() -> _Codes:
    return toml.load_resource(__package__, "codes.toml", _Codes)


@lru_cache(maxsize=4096)
def classify_role(relators: tuple[str, ...]) -> str:
    """Return the role of a person who has these codes, terms, or URLs of codes.

    If a person has several roles, author takes precedence over editor, and editor over the rest.
    """
    # "http://id.loc.gov/vocabulary/relators/aut" is the code "aut".
    words = [relator.strip(" .,:;()[]/").rsplit("/", 1)[-1].casefold() for relator in relators]
    words = [part.strip() for word in words for part in word.split(",") if part.strip()]
    # The French national library (BnF) writes UNIMARC codes with four digits.
    words = [word[1:] if _LONG_CODE.fullmatch(word) else word for word in words]
    if not words or any(map(_load().roles["author"].includes, words)):
        return AUTHOR
    return EDITOR if any(map(_load().roles["editor"].includes, words)) else CONTRIBUTOR


def read_coded_values(fields: Sequence[Field], *, is_unimarc: bool) -> Mapping[str, str]:
    """Return the type, the date, and the language at fixed positions, by column."""
    values = {}
    if kind := _name_type(fields, "unimarc" if is_unimarc else "marc21"):
        values["leader/06-07"] = kind
    if is_unimarc:
        coded = find_value(fields, "100")
        if year := _choose_year(coded[9:13], fields, ("210", "214"), "d"):
            values["100$a/09-12"] = year
        return values
    coded = find_value(fields, "008")
    if year := _choose_year(coded[7:11], fields, ("260", "264"), "c"):
        values["008/07-10"] = year
        if coded[6:7] == "e":  # a detailed date
            parts = (year, coded[11:13].strip(), coded[13:15].strip())
            values["008/07-14"] = "-".join(filter(None, parts))
    language = coded[35:38].lower()
    if language.isalpha() and find_languages(language):
        values["008/35-37"] = language
    return values


def _name_type(fields: Sequence[Field], dialect: str) -> str | None:
    """Return the name of the type and the bibliographic level in the leader."""
    leader = find_value(fields, LEADER).lower()
    if leader[6:7] != "a":
        return _load().types[dialect].get(leader[6:7])
    name = _load().levels.get(leader[7:8])
    has_thesis = dialect == "marc21" and any(field.tag == "502" for field in fields)
    return "Thesis" if name == "Book" and has_thesis else name


def _choose_year(
    coded: str, fields: Sequence[Field], imprint_tags: tuple[str, ...], date_code: str
) -> str | None:
    """Return the coded year, or None if the imprints have only other years.

    An imprint without Gregorian years does not count. The coded year is wrong if the cataloguer
    left the value of a template.
    """
    imprints = [
        date for field in fields if field.tag in imprint_tags for date in field.get(date_code)
    ]
    years = {year for date in imprints for year in _GREGORIAN.findall(date)}
    is_right = _YEAR.fullmatch(coded) and (not years or coded in years)
    return coded if is_right else None


_DESCRIBED = frozenset(
    "24 25 26 30 44 49 83 84 10 11 13 60 61 63 64 65 69 70 71 72 73 80 81".split()
)
"""The first two digits of tags whose values end with ISBD punctuation: descriptions, headings."""
_NOT_TEXT = frozenset("u01w4568")
"""Subfields with URLs, codes, and control numbers."""
_MARKS = tuple(".:;,/=+：；，／")
_MARK = re.compile(r"\s*[:;,：；，／]+$|\s+[/=+]+$")
_BEFORE_WORD = re.compile(r"[\s.\-]")
_SHORT = frozenset(
    "jr sr inc ltd co corp cie bros etc vol vols no nos nr ed eds éd pt pts ser dept st ste "
    "dr prof gen hrsg verf bd bde hft aufl univ inst assoc soc cit al ca cf vs fig cent mt ft "
    "gmbh aug sept dec mass conn calif wash tenn minn mich wis ill ind fla ala ariz ark colo "
    "del kan ky la md me miss mo mont neb nev okla ont or pa tex va vt verl".split()
)
"""Abbreviations in lowercase that keep their period."""


def strip_punctuation(tag: str, code: str, value: str) -> str:
    """Return a value without its final period, or the mark that introduces the next subfield.

    A period stays after an initial or an abbreviation, and in a physical description.
    """
    value = value.rstrip()
    is_transcribed = tag[:2] in _DESCRIBED or tag == "880"
    if code in _NOT_TEXT or not value.endswith(_MARKS) or not is_transcribed:
        return value
    if value[-1] == ":" and (code in "nd" or value[0] == "(") and tag.endswith(("10", "11")):
        return value  # a meeting or a session: "(2nd : 1996 : Oslo)"
    if value[-1] != ".":
        return _MARK.sub("", value)
    word = _BEFORE_WORD.split(value[:-1])[-1]
    letters = word.strip("()[]\"'“”‘’,")
    is_initial = len(letters) < 2 and letters == word and not letters.isdigit()
    keeps_period = is_initial or letters.casefold() in _SHORT or tag.startswith("30")
    return value if keeps_period else value[:-1]
