"""Names of persons and corporate bodies.

The normalized form of a person is `Family, Given`, or `Family, Given, Suffix`. Any other name is
literal, such as that of a corporate body or a meeting.

Braces state what a name is, as in BibTeX: `{UN. ECWA}` is literal, `{Press}, {Ada}` is a person. A
normalized name has them where the plain text would be read otherwise, so that it can be stored,
exported, and parsed again. `{}` before a name says that it is a person's, in any form. Without
braces, `parse` guesses. A format that distinguishes persons from bodies is not left to a guess: its
definition adds the braces.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from indexer import toml

_WORDS = toml.load_resource(__package__, "names.toml", dict[str, tuple[str, ...]])
_SUFFIXES, _PARTICLES = frozenset(_WORDS["suffixes"]), frozenset(_WORDS["particles"])
_CORPORATE, _ACRONYMS = frozenset(_WORDS["corporate"]), frozenset(_WORDS["acronyms"])
_CORPORATE_PART = re.compile(r"[\d&]|\b(?:task force|working party|bundes\w+|landes\w+)\b")
"""Other parts of names of organizations, in lower case. Ignoring case would be much slower."""
_WORD, _CAPITALS = re.compile(r"\w+"), re.compile(r"\b[A-Z]{2,}\b")
_NOBODY = re.compile(
    r"(?:no|unknown) (?:author|editor|creator)s?(?: names?| ids?)?(?: (?:listed|available|given))?"
    r"|(?:and )?others|et al",
    re.IGNORECASE,
)
"""Notes in place of names, such as "[No author name available]" of Scopus."""
_LIFE_DATES = re.compile(
    r",?\s*\(?(?:(?:b|d|ca|fl|approximately|active)\.?\s*)?\d{3,4}\??\s*[-–]\s*(?:\d{3,4}\??)?\)?\.?$"
)
_ID = re.compile(
    r"\s*\(\d[\dX-]{5,}\)$|\s0\d{3}$|\s\[[a-z ]+\]$"
    r"|\s*\((?i:comp|coord|dir|ed|éd|eds|hg|hrsg|org|red|ред|сост)\.?\)$"
)
"""A number that distinguishes persons of the same name (Scopus, dblp), or a remark or a role after
the name, such as "[person]" or "(ed.)"."""
_DIGIT_OR_REMARK = re.compile(r"[\d\])]")
"""A part of every text that `_ID` or `_LIFE_DATES` matches."""
_INITIALS = re.compile(r"[^\W\d_]{1,4}|(?:[^\W\d_]\.?[ -]?){1,4}")
_EAST_ASIAN = re.compile("[々\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_BARE_INITIALS = re.compile(r"[^\W\d_a-z]{1,3}")
_PART = r"\{ ?([^{} ][^{}]*)\}"
_STATED = re.compile(f"{_PART}(?:, ?{_PART}(?:, ?{_PART})?)?")
"""A literal name in braces, or a person with each part of the name in braces."""
_SESSION = re.compile(r"\. (?=\(\d)")
"""The period between a body and its session, as in "UN. General Assembly. (55th sess.)"."""
_PERSON = "{}"
"""The prefix of a name in any form that is stated to be a person's."""
_BRACES = str.maketrans("", "", "{}")
_COMMAS = str.maketrans("\u060c\uff0c", ",,")
"""Arabic and Chinese commas."""
_MAX_WORDS = 4
"""Maximum number of words in the name of a person without a comma. Longer names are literal."""
_MAX_GIVEN_CHARS = 60


class Name(NamedTuple):
    """The parts of a name. `literal` is the whole name if it is not that of a person."""

    family: str = ""
    given: str = ""
    suffix: str = ""
    literal: str = ""

    def __str__(self) -> str:
        """Return the normalized form, which `parse` and `read` read back as this name."""
        plain = self.inverted
        if (self.literal and "," in plain) or parse(plain) != self:
            parts = (self.literal,) if self.literal else (self.family, self.given, self.suffix)
            return ", ".join(f"{{{part}}}" for part in parts if part)
        return plain

    @property
    def inverted(self) -> str:
        """The name as an index lists it, with the family name first."""
        return self.literal or ", ".join(filter(None, (self.family, self.given, self.suffix)))

    @property
    def display(self) -> str:
        """The name as it is written in running text, with the given name first.

        Chinese, Japanese, and Korean names have the family name first, without a space.
        """
        if self.literal:
            return self.literal
        if self.is_east_asian:
            return f"{self.family}{self.given}"
        name = f"{self.given} {self.family}" if self.given else self.family
        return f"{name}, {self.suffix}" if self.suffix else name

    @property
    def search_text(self) -> str:
        """The name with the given name before and after it. A phrase matches it in either order."""
        if self.literal:
            return self.literal
        first = self.display if self.is_east_asian else self.given
        return f"{first} {self.inverted}".strip()

    @property
    def is_east_asian(self) -> bool:
        """Whether it is a Chinese, Japanese, or Korean name in its own script."""
        name = f"{self.family}{self.given}"
        return bool(self.given and not name.isascii() and _EAST_ASIAN.fullmatch(name))


def is_corporate(text: str) -> bool:
    """Return whether a name has a word that names of corporate bodies have.

    Initials count, unless the whole text is in capitals.
    """
    if not text.isupper() and not _ACRONYMS.isdisjoint(_CAPITALS.findall(text)):
        return True
    lowered = text.lower()
    is_known = not _CORPORATE.isdisjoint(_WORD.findall(lowered))
    return is_known or _CORPORATE_PART.search(lowered) is not None


@lru_cache(maxsize=20_000)
def parse(text: str) -> Name | None:
    """Return the parts of a name in any common form, or None if it has no letters.

    An ambiguous name is literal: it is not split.
    """
    text = _SESSION.sub(" ", " ".join(text.split())).strip(" ,;")
    is_person = text.startswith(_PERSON)
    if "{" in text or "}" in text:  # few names have braces
        if match := _STATED.fullmatch(text):
            first, *rest = ((part or "").strip(" ,") for part in match.groups())
            if not first or not rest[0]:
                return Name(literal=first or rest[0]) if first or rest[0] else None
            with_suffix = _parse_inverted(f"{first}, {rest[0]}")  # "{Okafor}, {Ada, Jr.}"
            return with_suffix if with_suffix.suffix and not rest[1] else Name(first, *rest)
        is_literal = not is_person and text.startswith("{") and text.endswith("}")
        text = " ".join(text.translate(_BRACES).split()).strip(" ,;")
        if is_literal:
            return Name(literal=text) if text else None
    text = _clean(text)
    if not (text[:1].isalpha() or any(map(str.isalpha, text))) or _NOBODY.fullmatch(text):
        return None
    body, commas, place = text.partition(",,")  # EndNote writes "Salt Office,, Vienna" for a body
    if commas and place.strip(" .").lower() not in _SUFFIXES:
        text = f"{body}, {place.strip()}"
    if not is_person and (is_corporate(text) or commas):
        return Name(literal=text)
    if not text.isascii():
        text = text.translate(_COMMAS)
    return _parse_inverted(text) if "," in text else _parse_direct(text)


def normalize(text: str) -> str | None:
    """Return the normalized form of a name in any common form, or None if it has no letters."""
    name = parse(text)
    if name is None or (name.inverted == text and not (name.literal and "," in text)):
        return text if name else None  # most names are normal already
    return str(name)


def read(normalized: str) -> Name:
    """Return the parts of a normalized name. Unlike `parse`, it guesses nothing."""
    if normalized.startswith("{"):
        return parse(normalized) or Name(literal=normalized)
    family, *rest = normalized.split(", ")
    return Name(family, *rest[:2]) if family and rest else Name(literal=normalized)


def _clean(text: str) -> str:
    """Return a text without life dates, a number or a remark after the name, and a last period.

    A name that a cataloguer supplied is in brackets.
    """
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip(" ,;")
    if _DIGIT_OR_REMARK.search(text):
        text = _LIFE_DATES.sub("", _ID.sub("", text)).strip(" ,;")
    if len(text) > 1 and text.endswith(".") and text[-2].islower():
        return text if text.lower().endswith((" jr.", " sr.", ",jr.", ",sr.")) else text[:-1]
    return text


def _parse_inverted(text: str) -> Name:
    if text.count(",") == 1:  # most names
        family, given = map(str.strip, text.split(","))
        if family and given and given.rstrip(".").lower() not in _SUFFIXES:
            is_person = len(given) <= _MAX_GIVEN_CHARS
            return Name(family, given) if is_person else Name(literal=text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    suffixes = [part for part in parts[1:] if part.rstrip(".").lower() in _SUFFIXES]
    name_parts = [*parts[:1], *(part for part in parts[1:] if part not in suffixes)]
    if len(name_parts) == 1 and suffixes:  # "John Smith, Jr.", but not "Group, II"
        name = _parse_direct(name_parts[0])
        return Name(literal=text) if name.literal else name._replace(suffix=suffixes[0])
    if len(name_parts) != 2 or len(name_parts[1]) > _MAX_GIVEN_CHARS:
        return Name(literal=name_parts[0] if len(name_parts) == 1 else text)
    return Name(name_parts[0], name_parts[1], " ".join(suffixes))


def _parse_direct(text: str) -> Name:
    """Parse a name without a comma: "Given Family", or "Family AB"."""
    words = text.split()
    suffix = ""
    if len(words) > 2 and words[-1].rstrip(".").lower() in _SUFFIXES:
        *words, suffix = words
    if len(words) == 1 or len([w for w in words if w.lower() not in _PARTICLES]) > _MAX_WORDS:
        return Name(literal=text)
    is_initial = _INITIALS.fullmatch(words[-1]) and words[-1].isupper()
    if is_initial and (len(words[-1]) < len(words[0]) if text.isupper() else True):
        start = len(words) - 1
        while start > 1 and words[start - 1].isupper() and _INITIALS.fullmatch(words[start - 1]):
            start -= 1
        return Name(" ".join(words[:start]), " ".join(words[start:]), suffix)
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    if _BARE_INITIALS.fullmatch(words[0]):  # "MJ García López" of Google Scholar
        start = 1
    return Name(" ".join(words[start:]), " ".join(words[:start]), suffix)
