"""FullText: the text of one file, and how the lines of its pages become texts.

A page is a list of lines, in which an empty line separates paragraphs. The time is linear in the
size of the text. Letters are lost only with running heads and page numbers.

**Running lines.** A line is a running head, a footer, or a page number if it recurs at the same end
of several nearby pages. One number in it may count the pages. The first of a series stays if it has
letters, so its words are still searchable. A page that has only running lines stays as it is.

**Hyphenation.** The hyphen of a compound such as long-term can be at the end of a line too. It
stays if the word after it starts with a capital letter, or a digit is next to it. It also stays if
the joined word occurs nowhere else in the document, but the compound does, or both of its parts do
as words of at least three letters. Any other hyphen is removed. So no language is assumed, and no
dictionary is needed.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from indexer.analysis.cleaning import clean, compose
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.errors import HintedError

PLAIN_TEXT = "text/plain"
"""The type of a text without markup."""
OUTPUT_BYTES_PER_CHARACTER = 10
"""Limit on the output of a process by the limit on the characters of a document."""
DECODING_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""Exceptions of decoding the output of a process that a hostile file may have taken over."""

_PRESENTATION = re.compile(
    "[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufbb1\ufbd3-\ufdff\ufe70-\ufefc]"
)
"""Ligatures, letters in a form of one place in a word, and variants of Chinese characters."""
_NO_TEXT = re.compile("[\ue000-\uf8ff\ufeff]+")
"""Private characters, which fonts of symbols use, and byte order marks."""
_DIVIDED_END = re.compile("\\w\u00ad\\s*\\Z")
_JOINED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff9f]"
)
_NO_SPACE = re.compile(f"(?<={_JOINED})\n(?={_JOINED})")
"""A line break in a script that writes no space between words."""

_EDGE_LINES = 3
"""Lines at the top of a page, and at its bottom, that can be running."""
_DISTANCE = 4
"""Pages before and after a page in which its running lines recur."""
_MIN_PAGES = 3
"""Pages of this range that must have the line. Even and odd pages often have different heads."""
_MAX_CHARS = 200
_MAX_NUMBERS = 6
_NUMBER = re.compile(r"\d{1,5}")
_Key = tuple[bool, str]
"""An end of the page, true for its top, and a form of the line."""

_DIVIDED = re.compile(r"(?<![\w‐-])(\w++(?:[‐-]\w++)*+)([‐\u00ad-])\n(\w+)")
"""A word before the hyphen, the hyphen, and the word after the line break. Its quantifiers are
possessive and it starts at no part of a compound, so its time is linear."""
_WORD = re.compile(r"[^\W\d_]+(?:[‐-][^\W\d_]+)*")
_SOFT_HYPHEN = "\u00ad"
_HYPHENS = ("-", "‐", _SOFT_HYPHEN)
_MIN_PART_CHARS = 3


class ExtractionError(HintedError):
    """A file has no text that can be read."""


class Fault(msgspec.Struct, frozen=True):
    """A part of a file that was not read, and a hint how to fix it, as in a Problem."""

    what: str
    hint: str


class FullText(msgspec.Struct, frozen=True, kw_only=True):
    """The text of one file, and what it says about the publication, if that is certain.

    A file that can't be read has no pages.
    """

    digest: str = ""
    """The SHA-256 of the file (hexadecimal)."""
    media_type: str
    """Its type, such as application/pdf."""
    pages: tuple[str, ...]
    """The text of each page, with an empty line between paragraphs; empty without a text layer."""
    has_pages: bool = True
    """False: an item of `pages` is a section of the text."""
    faults: tuple[Fault, ...] = ()
    """The parts of the file that are not in `pages`."""
    title: str = ""
    is_title_guessed: bool = False
    """The title is the largest text of the first page, or the name of the file."""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    language: str | None = None
    """A code such as en."""
    is_language_detected: bool = False
    """Nobody states the language."""

    @property
    def empty_pages(self) -> int:
        """The number of pages without text."""
        return sum(1 for page in self.pages if not page)

    def list_problems(self, file: str) -> list[Problem]:
        return [Problem(file, 0, fault.what, fault.hint) for fault in self.faults]


def limit_pages(pages: tuple[str, ...], limits: Limits) -> tuple[tuple[str, ...], list[Fault]]:
    """Return the pages up to the limits of pages and characters, and the limits they exceed."""
    faults = []
    if len(pages) > limits.most_pages:
        faults.append(make_page_fault(len(pages), limits))
        pages = pages[: limits.most_pages]
    remaining = limits.longest_document
    for index, page in enumerate(pages):
        if len(page) > remaining:
            message = f"the text has more than {limits.longest_document} characters"
            faults.append(Fault(message, suggest_raising("longest_document")))
            return (*pages[:index], page[:remaining]), faults
        remaining -= len(page)
    return pages, faults


def make_page_fault(pages: int, limits: Limits) -> Fault:
    """Return the fault of a document with more pages than the limit."""
    message = f"the document has {pages} pages, more than {limits.most_pages}"
    return Fault(message, suggest_raising("most_pages"))


def clean_pages(pages: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the text of each page: its paragraphs, separated by an empty line.

    Remove running heads, page numbers and control characters. Join hyphenated words, and the lines
    of a paragraph. Replace ligatures and presentation forms by letters.
    """
    cleaned = _remove_running_lines([[clean_line(line) for line in page] for page in pages])
    compounds = _find_compounds(cleaned)
    return tuple("\n\n".join(_join_paragraphs(page, compounds)) for page in cleaned)


def clean_line(line: str) -> str:
    """Return a line in NFC without control characters. A soft hyphen at its end is kept."""
    if line.isascii():
        return clean(line)
    line = _NO_TEXT.sub(" ", line)
    # The form of a lone mark is a space and the mark.
    line = _PRESENTATION.sub(lambda each: unicodedata.normalize("NFKC", each[0]).lstrip(), line)
    return clean(line) + _SOFT_HYPHEN * bool(_DIVIDED_END.search(line))


def _remove_running_lines(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    edges = [_list_keys(page, number) for number, page in enumerate(pages)]
    numbers: dict[_Key, list[int]] = defaultdict(list)
    for number, keys_of_lines in enumerate(edges):
        for key in {key for keys in keys_of_lines.values() for key in keys}:
            numbers[key].append(number)

    def is_running(key: _Key, number: int) -> bool:
        start = bisect_left(numbers[key], number - _DISTANCE)
        return bisect_right(numbers[key], number + _DISTANCE) - start >= _MIN_PAGES

    def recurs_before(key: _Key, number: int) -> bool:
        index = bisect_left(numbers[key], number)
        return index > 0 and numbers[key][index - 1] >= number - _DISTANCE

    kept = []
    for number, (page, edge) in enumerate(zip(pages, edges, strict=True)):
        running = {at for at, keys in edge.items() if any(is_running(key, number) for key in keys)}
        if all(at in running for at, line in enumerate(page) if line):
            running.clear()
        for at in tuple(running):
            is_first = not any(recurs_before(key, number) for key in edge[at])
            if is_first and any(map(str.isalpha, page[at])):
                running.remove(at)
        kept.append([line for at, line in enumerate(page) if at not in running])
    return kept


def _list_keys(page: Sequence[str], number: int) -> dict[int, list[_Key]]:
    """Return the forms in which the lines at both ends of a page can recur, by their index.

    A line can recur as it is, or with a number that counts pages.
    """
    filled = [at for at, line in enumerate(page) if line]
    keys: dict[int, list[_Key]] = defaultdict(list)
    for is_top, indexes in ((True, filled[:_EDGE_LINES]), (False, filled[-_EDGE_LINES:])):
        for at in indexes:
            if len(page[at]) > _MAX_CHARS:
                continue
            line = page[at].casefold()
            if any(map(str.isalpha, line)):
                keys[at].append((is_top, line))
            for match in [*_NUMBER.finditer(line)][:_MAX_NUMBERS]:
                counted = f"\0{int(match[0]) - number}\0"
                form = f"{line[: match.start()]}{counted}{line[match.end() :]}"
                keys[at].append((is_top, form))
    return keys


def _join_paragraphs(lines: Sequence[str], compounds: set[str]) -> Iterator[str]:
    def join_word(match: re.Match[str]) -> str:
        left, hyphen, right = match.groups()
        if hyphen == _SOFT_HYPHEN:
            return left + right
        is_number = left[-1].isdigit() or right[0].isdigit()
        is_name = right[0].isupper() and not left.isupper()
        is_kept = is_number or is_name or _make_compound(left, right) in compounds
        return left + hyphen * is_kept + right

    for is_text, paragraph in groupby(lines, bool):
        if is_text:
            text = _DIVIDED.sub(join_word, "\n".join(paragraph)).replace(_SOFT_HYPHEN, "")
            yield compose(_NO_SPACE.sub("", text).replace("\n", " "))


def _make_compound(left: str, right: str) -> str:
    return f"{left}-{right}".replace("‐", "-").casefold()


def _find_compounds(pages: Sequence[Sequence[str]]) -> set[str]:
    """Return the divided words of a document that keep their hyphen, folded, with the hyphen."""
    divided = {
        (left.casefold(), right.casefold(), _make_compound(left, right))
        for page in pages
        for left, hyphen, right in _DIVIDED.findall("\n".join(page))
        if hyphen != _SOFT_HYPHEN
    }
    if not divided:
        return set()
    forms = {form for left, right, both in divided for form in (left, right, both, left + right)}
    known = forms.intersection(_list_whole_words(pages))
    return {
        both
        for left, right, both in divided
        if left + right not in known
        and (
            both in known
            or (min(len(left), len(right)) >= _MIN_PART_CHARS and {left, right} <= known)
        )
    }


def _list_whole_words(pages: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the folded words of all lines without the parts of divided words."""
    for page in pages:
        is_divided = False
        for line in page:
            words = [word.replace("‐", "-") for word in _WORD.findall(line.casefold())]
            start = 1 if is_divided else 0
            is_divided = line.endswith(_HYPHENS)
            yield from words[start : len(words) - is_divided]
