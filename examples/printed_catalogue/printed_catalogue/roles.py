"""Line classifier: label each line as section, heading, title, paragraph or facts.

A title is recognized by the lines after it (publisher and year, links), not by its form. Only
if these are missing does its capitalization decide. Each decision looks at a fixed number of
lines, so the total time is linear in the length of the text.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto

from msgspec.structs import replace

from printed_catalogue.lines import Line, is_cut, is_never_title, is_prose, is_sentence, parse


class Role(Enum):
    """The role of a line in the catalogue."""

    SECTION = auto()
    REGIONS = auto()
    FORMAT = auto()
    HEADING = auto()
    TITLE = auto()
    PARAGRAPH = auto()
    FACTS = auto()


FORMATS = {"video": "video", "videos": "video", "audio": "audio", "audios": "audio"}
"""Format of the entries below a subheading, by the subheading in lower case."""

_REGIONS = re.compile(
    r"\b(?:specific|particular|individual|selected|certain) (?:regions|countries)"
    r"(?: (?:and|or) (?:regions|countries))?$"
)
_CONTACT = re.compile(
    r"\b(?:please contact|contact us|comments on (?:our|this|these))\b", re.IGNORECASE
)
_MAX_CLOSING_LINES = 12
_MIN_WRAPPED_CHARS = 40
_END = Line()


def divide_text(text: str) -> tuple[list[Line], list[Line], list[Line]]:
    """Split a catalogue at the section names of its contents page. Drop the closing contacts.

    Return the lines before the first section, those of the sections, and the lines of the contents
    page whose section does not occur in the text.
    """
    contents: dict[str, Line] = {}
    front, body = list[Line](), list[Line]()
    follows_gap, found = True, set[str]()
    for number, printed in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        line = Line(number, printed.strip(), follows_gap=follows_gap)
        follows_gap = not line.printed
        if not line.printed:
            continue
        key = _make_key(line.printed)
        if not body and (name := _parse_contents_line(line.printed)):
            contents.setdefault(_make_key(name), line)
        elif key in contents:
            found.add(key)
            body.append(replace(line, text=line.printed, is_section=True))
        else:
            (body or front).append(parse(line))
    unused = [line for key, line in contents.items() if key not in found]
    names = [line.text for line in front if line.is_bare]
    return front, _merge(_drop_closing(body, names)), unused


def _parse_contents_line(text: str) -> str:
    """Return the section name in a line of a contents page (name, gap, page number), or nothing."""
    before = text.rstrip("0123456789")
    name = before.rstrip(" \t.")
    gap = before[len(name) :]
    return name if len(text) > len(before) and ("\t" in gap or len(gap) > 2) else ""


def _make_key(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold().replace("&", " and ")))


def _drop_closing(body: list[Line], names: list[str]) -> list[Line]:
    """Drop the last lines if they are the contact details of the catalogue's publisher.

    Search at most the last `_MAX_CLOSING_LINES` lines, and none before the last line of an entry.
    `names` are the bare lines before the first section.
    """
    for index in range(len(body) - 1, max(-1, len(body) - _MAX_CLOSING_LINES - 1), -1):
        line = body[index]
        if line.is_bare and _CONTACT.search(line.text):
            before = body[index - 1] if index else _END
            introduces = any(before.text.startswith(f"{name} ") for name in names)
            is_part = before.is_bare and introduces and is_prose(before.text)
            return body[: index - 1] if is_part else body[:index]
        if line.is_section or line.is_of_entry:
            break
    return body


def _merge(body: list[Line]) -> list[Line]:
    """Merge lines that a page break or a line wrap has split."""
    groups: list[list[Line]] = []
    for line, after in zip(body, (*body[1:], _END), strict=False):
        if groups and _is_continued(groups[-1][-1], line, after):
            groups[-1].append(line)
        else:
            groups.append([line])
    merged: list[Line] = []
    for group in groups:
        line = _join(group)
        if line.possible_imprint and merged and _may_be_title(merged[-1]):
            line = replace(line, text="", imprint=line.possible_imprint)
        merged.append(line)
    return merged


def _is_continued(line: Line, after: Line, third: Line) -> bool:
    if line.label and not line.offers:
        return bool(after.offers) and not (after.text or after.label or after.duration)
    if not line.is_bare or not after.text or after.is_section:
        return False
    if is_cut(line.text, after.text):
        return True
    is_wrapped = len(line.text) >= _MIN_WRAPPED_CHARS and not after.follows_gap
    is_vouched = third.is_offer_line or third.is_imprint or third.possible_imprint is not None
    is_title = not after.is_bare or (is_vouched and after.possible_imprint is None)
    return is_wrapped and is_title and _may_be_title(line)


def _may_be_title(line: Line) -> bool:
    return line.is_bare and not (is_never_title(line.text) or is_sentence(line.text))


def _join(group: list[Line]) -> Line:
    first, last = group[0], group[-1]
    if len(group) == 1:
        return first
    text = " ".join(line.text for line in group if line.text)
    label = first.label or last.label
    return replace(last, number=first.number, text=text, label=label, possible_imprint=None)


def assign_roles(lines: Sequence[Line]) -> Iterator[Role]:
    """Yield the role of each line, in order."""
    padded = (_END, *lines, _END, _END, _END)
    for index, line in enumerate(lines):
        if line.is_section:
            yield Role.SECTION
        elif not line.is_bare:
            yield Role.TITLE if line.text else Role.FACTS
        else:
            yield _decide_role(*padded[index : index + 5])


def _decide_role(before: Line, line: Line, after: Line, third: Line, fourth: Line) -> Role:
    if line.text.casefold() in FORMATS:
        return Role.FORMAT
    if _REGIONS.search(line.text) and after.text:
        return Role.REGIONS
    if _is_paragraph(line, after, third):
        return Role.PARAGRAPH
    if after.is_imprint and third.is_one_line_entry:
        return Role.HEADING
    # Between one-line entries, a line without links is an entry too.
    in_list = before.is_one_line_entry and after.is_one_line_entry
    if not after.text or after.is_section or in_list:
        return Role.TITLE
    is_group = third.is_imprint and fourth.is_one_line_entry
    return Role.TITLE if _is_paragraph(after, third, fourth) and not is_group else Role.HEADING


def _is_paragraph(line: Line, after: Line, third: Line) -> bool:
    if not line.is_bare or line.text.casefold() in FORMATS:
        return False
    if is_never_title(line.text):
        return True
    if after.is_offer_line:
        return is_sentence(line.text)
    if after.is_imprint and third.is_offer_line:
        return False
    return is_prose(line.text)
