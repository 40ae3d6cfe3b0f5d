"""Line parser of a printed catalogue: split a line into text, imprint, links, duration and issue.

A line is parsed from its end: first the links, then the label before them or the duration, then
publisher and year. The rest is text. `roles` decides from the lines around it whether that is a
title, a heading or a paragraph.
"""

import re
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from indexer.values.iso_codes import find_country_code, find_language_code


class Imprint(Struct, frozen=True):
    """Publisher or country, and year. `date` is empty unless it is more exact than the year."""

    publisher: str = ""
    place: str = ""
    year: str = ""
    date: str = ""


class Issue(Struct, frozen=True):
    """An issue of a series, as in "Name 12, 3/2007"."""

    series: str = ""
    number: str = ""
    date: str = ""


class Offer(Struct, frozen=True):
    """A link: its text, the language that the text names, and its URL, which may be empty."""

    text: str
    language: str | None
    url: str


class Line(Struct, frozen=True):
    """The parts of a line, or of several merged lines; `number` is that of the first.

    `possible_imprint` is the imprint that the text may be if the line before it is a title. A
    publisher's name without an acronym looks like a title. `follows_gap` is true after a blank
    line.
    """

    number: int = 0
    printed: str = ""
    text: str = ""
    label: str = ""
    offers: tuple[Offer, ...] = ()
    duration: str = ""
    imprint: Imprint | None = None
    issue: Issue | None = None
    possible_imprint: Imprint | None = None
    follows_gap: bool = True
    is_section: bool = False

    @property
    def is_offer_line(self) -> bool:
        """Whether the line has only links, their label or a duration, and no text."""
        return not self.text and bool(self.label or self.offers or self.duration)

    @property
    def is_of_entry(self) -> bool:
        """Whether the line must belong to an entry. A bare URL may occur anywhere."""
        has_words = any(offer.text for offer in self.offers)
        has_title = self.text and self.imprint
        return bool(has_words or has_title or self.label or self.duration or self.issue)

    @property
    def is_imprint(self) -> bool:
        """Whether the line is an imprint and nothing more."""
        return not self.text and self.imprint is not None and not self.is_offer_line

    @property
    def is_bare(self) -> bool:
        """Whether the line is text without imprint or links, and not a section heading."""
        return bool(self.text) and not (self.imprint or self.offers or self.is_section)

    @property
    def is_one_line_entry(self) -> bool:
        """Whether the line is a title followed by its links."""
        return bool(self.text and self.offers)


_LABELS = (
    (re.compile(r"download|content|text file|executive summary( .{1,40})?"), "download"),
    (re.compile(r"visit|access to (the|this) \w+"), "visit"),
    (re.compile(r"watch|listen|request|order"), ""),
)  # fmt: skip
"""Access verb, by the form of the label before the links. Empty: the label itself is the verb."""

_MARKUP = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
_LINK = re.compile(
    _MARKUP.pattern + r"|<((?:https?://|www\.)[^<>\s]+)>|(?<!\S)((?:https?://|www\.)[^\s<>|]+)"
)
_DURATION = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)\s?[-–—]\s?)?duration\s?[-–—:]\s?"
    r"(?P<duration>\d+:\d\d(?:,? (?:and|&) \d+:\d\d|, \d+:\d\d)*)",
    re.IGNORECASE,
)
_ISSUE = re.compile(r"(?P<series>[^\d,]*[^\d,\s]) (?P<number>\d+), (?P<date>\d\d?/(?:19|20)\d\d)")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = re.compile(rf", ?((?:{_MONTH} )?((?:19|20)\d\d))\.?$")
_ACRONYM = re.compile(r"[A-Z]{2,}(?:[.-][A-Z]+)*,?")
_TOGETHER = re.compile(
    r"\bin (?:collaboration|cooperation|partnership|association) with\b|\bwith inputs from\b"
    r"|\b(?:together|jointly) with\b|\bwith\b"
)
_JOINING = {"&", "|", "/", "and", "with", "from", "the"}
_SMALL_WORDS_OF_NAMES = {"for", "of", "and", "the", "&", "|", "/"}
_MAX_LINE_CHARS = 600
"""Characters. A longer line is not searched for an imprint."""


def parse(line: Line) -> Line:
    """Return a printed line with its parts."""
    text = " ".join(line.printed.split())
    before, offers = _split_offers(text)
    label = before.removesuffix(":").rstrip()
    if _find_verb(label) and (offers or before.endswith(":")):
        return replace(line, label=label, offers=offers)
    if duration := _DURATION.fullmatch(label):
        year = duration["year"]
        imprint = Imprint(year=year) if year else None
        return replace(line, offers=offers, duration=duration["duration"], imprint=imprint)
    are_downloads = all(
        offer.language or offer.text.casefold().startswith("download") for offer in offers
    )
    if offers and (not before or are_downloads):
        title, imprint, _ = _split_imprint(label)
        return replace(line, text=title, offers=offers, imprint=imprint)
    if issue := _ISSUE.fullmatch(text):
        return replace(line, issue=Issue(**issue.groupdict()))
    title, imprint, possible_imprint = _split_imprint(text)
    return replace(line, text=title, imprint=imprint, possible_imprint=possible_imprint)


def choose_access(label: str, offers: tuple[Offer, ...]) -> str:
    """Return how to get a publication, as one verb in lower case.

    Links without a label are downloads. A bare URL is a page to visit.
    """
    words = label or "".join(offer.text for offer in offers[:1])
    return (_find_verb(words) or "download") if words else "visit"


def _find_verb(label: str) -> str:
    """Return the verb of a label, or an empty string for another text."""
    plain_label = label.casefold()
    verbs = (verb or plain_label for form, verb in _LABELS if form.fullmatch(plain_label))
    return next(verbs, "")


def find_links(text: str) -> tuple[Offer, ...]:
    """Return all links of a text, in order."""
    return tuple(_make_offer(match) for match in _LINK.finditer(text))


def strip_links(text: str) -> str:
    """Replace each link of a text by its words."""
    return _MARKUP.sub(lambda match: _unescape(match[1]), text)


def _split_offers(text: str) -> tuple[str, tuple[Offer, ...]]:
    """Split off the links at the end of a text, in order."""
    start, offers = len(text), []
    for match in reversed(list(_LINK.finditer(text))):
        if text[match.end() : start].strip(" |,;/"):
            break
        offers.append(_make_offer(match))
        start = match.start()
    return text[:start].rstrip(), tuple(reversed(offers))


def _make_offer(match: re.Match[str]) -> Offer:
    text, target, bracketed, bare = match.groups()
    url = target or bracketed or bare or ""
    if url.startswith("www."):
        url = f"http://{url}"
    words = _unescape(text or "").strip()
    # Lower-case words are not languages, although some are language codes ("no", "it").
    language = find_language_code(words) if words[:1].isupper() else None
    return Offer(words, language, url if "://" in url else "")


def _unescape(text: str) -> str:
    return re.sub(r"\\(\W)", r"\1", text)


def _split_imprint(text: str) -> tuple[str, Imprint | None, Imprint | None]:
    """Return the text before the imprint, the imprint or None, and a possible imprint or None.

    A possible imprint has a year but no recognizable publisher or country: the text before the
    year may be a publisher's name or a title. The returned text is then the whole line.
    """
    ending = _DATE.search(text) if len(text) <= _MAX_LINE_CHARS else None
    if ending is None:
        return text, None, None
    before, date, year = text[: ending.start()], ending[1], ending[2]
    exact_date = date if date != year else ""
    publisher, place = _find_publisher(before), _find_place(before)
    if publisher is not None:
        imprint = Imprint(before[publisher:], "", year, exact_date)
        title = before[:publisher].rstrip()
        shorter_title, repeated, _ = _split_imprint(title)
        return (shorter_title if shorter_title and repeated == imprint else title), imprint, None
    if place is not None:
        return before[:place].rstrip(), Imprint("", before[place:], year, exact_date), None
    return text, None, Imprint(before, "", year, exact_date)


def _find_publisher(text: str) -> int | None:
    """Return the index of the publisher that ends a text: an acronym, then capitalized words."""
    outside = blank_brackets(text)
    start, previous = None, ""
    for match in re.finditer(r"\S+", outside):
        is_joined = previous in _JOINING or (previous[-1:] == "," and _ACRONYM.fullmatch(previous))
        if _ACRONYM.fullmatch(match[0]) and not is_joined:
            start = match.start()
        previous = match[0]
    if start is None:
        return None
    words = _TOGETHER.sub("&", outside[start:]).split()
    is_named = all(word in _SMALL_WORDS_OF_NAMES or word[0].isupper() for word in words)
    return start if is_named and words[-1] not in _SMALL_WORDS_OF_NAMES else None


def _find_place(text: str) -> int | None:
    """Return the index of the country that ends a text, unless in a phrase such as "in India"."""
    words = text.rsplit(maxsplit=5)[-5:]
    for count in range(min(4, len(words)), 0, -1):
        name = " ".join(words[-count:])
        before = words[-count - 1] if count < len(words) else ""
        if len(name) > 3 and find_country_code(name) and not before[:1].islower():
            return len(text) - len(name)
    return None


_MAX_TITLE_CHARS = 300
"""Characters. A longer text is never a title."""
_HANGING = frozenset(
    "a an the this these that its their our and or but nor of in on at by for from to with into "
    "as than such between against through within under about is are was were be which who whose "
    "both all each other more".split()
)
"""Words that never end a sentence or a title, so the next line continues it."""


_BLANK = "\x1f"
"""A space for patterns and `split`, which is no character of a text."""


class Title(NamedTuple):
    """A title without final punctuation, and the note or the year in the brackets at its end.

    A note is a statement of responsibility, such as "(prepared by ...)". A year stays in the text.
    """

    text: str
    note: str = ""
    year: str = ""


def read_title(text: str) -> Title:
    """Return the parts of a title."""
    title = text.rstrip(" .,:;").strip()
    start = len(blank_brackets(title).rstrip(_BLANK))
    inside = title[start + 1 : -1] if title.endswith(")") else ""
    if re.fullmatch(r"(?:19|20)\d\d", inside):
        return Title(title, year=inside)
    if start and inside[:1].islower() and re.search(r"\b(?:of|by|with|between)\b", inside):
        return Title(title[:start].rstrip(" .,:;"), inside)
    return Title(title)


def blank_brackets(text: str) -> str:
    """Replace each bracketed character by a blank, so that indexes stay the same."""
    depth, kept = 0, []
    for character in text:
        depth += character == "("
        kept.append(_BLANK if depth else character)
        depth -= character == ")" and depth > 0
    return "".join(kept)


def is_never_title(text: str) -> bool:
    """Return whether a text cannot be a title: it ends with a colon or is too long."""
    return text.endswith(":") or len(text) > _MAX_TITLE_CHARS


def is_sentence(text: str) -> bool:
    """Return whether a text ends like a sentence and is mostly in lower case."""
    return text.endswith((".", "!", "…")) and _is_mostly_lower_case(text)


def is_prose(text: str) -> bool:
    """Return whether a text reads like a paragraph, if no other line shows that it is a title."""
    if is_never_title(text) or text[:1].islower() or "@" in text:
        return True
    is_long = len(text.split()) > 5
    is_question = text.endswith("?")
    is_running = is_long and not is_question and _is_mostly_lower_case(text)
    return is_running or text.endswith((".", "!", "…"))


def _is_mostly_lower_case(text: str) -> bool:
    words: list[str] = [word for word in re.findall(r"[^\W\d_]+", text)[1:] if len(word) > 3]
    lower = sum(word[0].islower() for word in words)
    return lower >= 0.4 * len(words)


def is_cut(text: str, continuation: str) -> bool:
    """Return whether a text breaks off in a sentence that `continuation` continues."""
    if text.endswith((".", "!", "?", ":", "…")) or not continuation[:1].isalpha():
        return False
    last = text.rsplit(maxsplit=1)[-1]
    hangs = last.endswith((",", "/")) or last in _HANGING
    return hangs or continuation[0].islower()
