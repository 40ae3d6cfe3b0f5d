"""Title case, ranges of pages and quotation marks, as CSL 1.0.2 describes them."""

from __future__ import annotations

import re

_WORDS = (
    "a about above across afore after against al along alongside amid amidst among amongst an and "
    "anenst apropos apud around as aside astride at athwart atop barring before behind below "
    "beneath beside besides between beyond but by c ca circa de despite down during et except for "
    "forenenst from given in inside into lest like modulo near next nor notwithstanding of off on "
    "onto or out over per plus pro qua sans since so than the through throughout thru till "
    "to toward towards under underneath until unto up upon v versus via vis-à-vis von vs with "
    "within without yet".split()
)
_LOWER_CASE = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?!\w)")
"""Words that stay in lower case within a title (CSL 1.0.2, "Title Case Conversion")."""
_WORD = re.compile(r"[^\s\-–/]+")
_MARKS = "“”‘’\"'()[].,:;?!…"
_DOUBLE_QUOTED = re.compile("“([^“”]*)”")
_SINGLE_QUOTED = re.compile(r"‘([^‘’]*)’(?!\w)")


def to_title_case(text: str) -> str:
    """Return a text in title case.

    Words with capital letters stay as they are, and so do single letters, such as in `e. coli`. A
    full stop does not begin a part, because most of them end an abbreviation: `Proc. of the IEEE`.
    """
    lower = {at for match in _LOWER_CASE.finditer(text) for at in range(*match.span())}
    words = list(_WORD.finditer(text))
    last = next((word for word in reversed(words) if any(map(str.isalnum, word[0]))), None)
    cased, is_first = list(text), True
    for word in words:
        bare = word[0].strip(_MARKS)
        at = word.start() + word[0].find(bare)
        is_capital = len(bare) > 1 and (word is last or at not in lower)
        if bare.islower() and (is_first or is_capital):
            cased[at] = bare[0].upper()
        is_first = word[0].endswith((":", "?", "!"))
    return "".join(cased)


def shorten_range(first: str, last: str, form: str) -> str:
    """Return the last page of a range in a form of CSL: `321`, `328` is `28` as `minimal-two`.

    Without a form, and with pages that are not numbers, it stays as it is.
    """
    if not form or not (first.isdecimal() and last.isdecimal()):
        return last
    whole = first[: max(0, len(first) - len(last))] + last
    is_chicago = form.startswith("chicago")
    is_round = is_chicago and (int(first) < 100 or int(first) % 100 == 0)
    if form == "expanded" or len(whole) != len(first) or is_round:
        return whole
    least = 1 if form == "minimal" or (is_chicago and int(first) % 100 < 10) else 2
    common = next((n for n in range(len(whole)) if first[n] != whole[n]), len(whole))
    return whole[min(common, max(0, len(whole) - least)) :]


def alternate_quotes(text: str, outer: str) -> str:
    """Return a text with the other quotation marks than those that a style puts around it."""
    if outer == "“":
        return _DOUBLE_QUOTED.sub(r"‘\1’", text)
    return _SINGLE_QUOTED.sub(r"“\1”", text)
