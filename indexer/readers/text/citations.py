"""Parse citations in plain text, such as "Moss, A. (2019). Salt. Fjord Press"."""

import re
from collections.abc import Iterable, Set

from indexer.values.identifiers import find_dois

_QUOTED = re.compile(r"(?<![\w=])[\"“«„]([^\"”»“„«\n\[\]]{4,300})[\"”»“]")
_DAY = r"(?:[-/.,][^()\n]{1,20})?"
"""Optional month and day after a year in parentheses."""
_AFTER_YEAR = re.compile(
    rf"\((?:19|20)\d\d[a-z]?{_DAY}\)[.,:]?\s+([^.?!\[\]]{{8,300}}[.?!])(?=\s|$)"
)
_YEAR = re.compile(rf"\((?:[^()\d]{{0,20}}\s)?((?:19|20)\d\d)[a-z]?{_DAY}\)")
_LAST_YEAR = re.compile(r"(?<![\w./:-])((?:19|20)\d\d)(?=\s*(?:[,;:)\]]|\.(?!\d)|$))")
GENERIC = re.compile(
    r"\W*(?:(?:download|view|read|open|full|get|more|see|the|as|in|on|an?)\W+){0,4}(?:pdf|doi|"
    r"links?|here|html?|epub|web|website|citation|code|paper|(?:full ?)?text|abstract|arxiv|"
    r"preprint|slides|video|poster|bibtex|bib|more|download|details?|ris|word|docx?|source|github|"
    r"url|data|project|page|demo|blog|talk|supplement\w*|appendix|english|french|spanish|russian|"
    r"arabic|chinese|top|(?:doi:)?10\.\d{4,}/\S*|https?:\S*|(?:www\.|(?:[\w-]+\.)+[a-z]{2,}/)\S*)?\W*",
    re.IGNORECASE,
)
"""Link texts that are not titles."""
_MIN_URLS = 3
"""Minimum number of URLs whose links have the same text, so that it names none of them."""
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{2}[.?!])\s+")
_MIN_SPACES = 2
"""Minimum spaces in a sentence that is a title although nothing marks it as one."""


def find_repeated(links: Iterable[tuple[str, str]]) -> Set[str]:
    """Return the texts of links that several URLs have, such as "Article", given pairs of these."""
    urls: dict[str, set[str]] = {}
    for text, url in links:
        urls.setdefault(text, set()).add(url)
    return {text for text, linked in urls.items() if len(linked) >= _MIN_URLS}


def has_words(text: str) -> bool:
    """Return whether a text has a word of two letters or more."""
    return re.search(r"[^\W\d_]{2}", text) is not None


def find_title(text: str) -> re.Match[str] | None:
    """Return a match whose group 1 is the title: in quotation marks, or after the year."""
    return _QUOTED.search(text) or _AFTER_YEAR.search(text)


def find_last_sentence(text: str) -> str:
    """Return the last sentence, such as the title in "Moss and Lind. Salt of the sea.".

    `text` ends where the journal starts. Return an empty string if the text has one sentence, or
    the last one is too short. An initial does not end a sentence.
    """
    *before, last = _SENTENCE_END.split(text.strip())
    return last if before and last.count(" ") >= _MIN_SPACES else ""


def find_year(text: str) -> str:
    """Return the year of a citation, or an empty string.

    The year is in parentheses, or it is the only one at the end of a clause, as in "Fjord Press,
    2019."
    """
    if match := _YEAR.search(text):
        return match[1]
    years = set(_LAST_YEAR.findall(text))
    return years.pop() if len(years) == 1 else ""


def find_doi(texts: Iterable[str]) -> str:
    """Return the first DOI in links and texts, or an empty string."""
    return next((doi for text in texts for doi in find_dois(text)), "")
