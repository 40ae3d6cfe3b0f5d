"""Line classifier: label each line as section, heading, title, paragraph or facts.

A title is recognized by the lines after it (publisher and year, links), not by its form. Only
if these are missing does its capitalization decide. Each decision looks at a fixed number of
lines, so the total time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from indexer.readers.formats.printed_catalogue import wording
from indexer.readers.formats.printed_catalogue.lines import Line, parse


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
_LONGEST_CLOSING = 12
_SHORTEST_WRAPPED_LINE = 40
_END = Line()


class Parts(Struct, frozen=True):
    """The lines before the first section (`front`) and those of the sections (`body`).

    `unused` has the lines of the contents page whose section does not occur in the text.
    """

    front: list[Line]
    body: list[Line]
    unused: list[Line]


def divide(text: str) -> Parts:
    """Split a catalogue at the section names of its contents page. Drop the closing contacts."""
    printed = _printed_lines(text)
    contents: dict[str, Line] = {}
    start = len(printed)
    for place, line in enumerate(printed):
        if name := _contents_name(line.printed):
            contents.setdefault(_key(name), line)
        elif _key(line.printed) in contents:
            start = place
            break
    body = [
        replace(line, text=line.printed, is_section=True)
        if _key(line.printed) in contents
        else parse(line.number, line.printed, line.follows_gap)
        for line in printed[start:]
    ]
    front = [
        parse(line.number, line.printed)
        for line in printed[:start]
        if not _contents_name(line.printed)
    ]
    found = {_key(line.text) for line in body if line.is_section}
    unused = [line for key, line in contents.items() if key not in found]
    names = [line.text for line in front if line.is_bare]
    return Parts(front, _merge(_without_closing(body, names)), unused)


def _printed_lines(text: str) -> list[Line]:
    """Return the lines that are not blank, not yet split into parts."""
    found, follows_gap = [], True
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            found.append(Line(number, line.strip(), follows_gap=follows_gap))
        follows_gap = not line.strip()
    return found


def _contents_name(text: str) -> str | None:
    """Return the section name in a line of a contents page (name, gap, page number), or None."""
    before = text.rstrip("0123456789")
    name = before.rstrip(" \t.")
    gap = before[len(name) :]
    is_contents = len(text) > len(before) and name and ("\t" in gap or len(gap) > 2)
    return name.strip() if is_contents else None


def _key(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold().replace("&", " and ")))


def _without_closing(body: list[Line], names: list[str]) -> list[Line]:
    """Drop the last lines if they are the contact details of the catalogue's publisher.

    Search at most the last `_LONGEST_CLOSING` lines, and none before the last line of an entry.
    `names` are the bare lines before the first section.
    """
    for place in range(len(body) - 1, max(-1, len(body) - _LONGEST_CLOSING - 1), -1):
        line = body[place]
        if line.is_bare and _CONTACT.search(line.text):
            before = body[place - 1] if place else _END
            introduces = any(before.text.startswith(f"{name} ") for name in names)
            is_part = before.is_bare and introduces and wording.is_prose(before.text)
            return body[: place - 1] if is_part else body[:place]
        if line.is_section or line.is_of_entry:
            break
    return body


def _merge(body: list[Line]) -> list[Line]:
    """Merge lines that a page break or a line wrap has split."""
    groups: list[list[Line]] = []
    for place, line in enumerate(body):
        if groups and _is_continued(groups[-1][-1], line, _at(body, place + 1)):
            groups[-1].append(line)
        else:
            groups.append([line])
    merged: list[Line] = []
    for group in groups:
        line = _joined(group)
        if line.possible_imprint and merged and _may_be_title(merged[-1]):
            line = replace(line, text="", imprint=line.possible_imprint)
        merged.append(line)
    return merged


def _is_continued(line: Line, after: Line, third: Line) -> bool:
    if line.label and not line.offers:
        return bool(after.offers) and not (after.text or after.label or after.duration)
    if not line.is_bare or not after.text or after.is_section:
        return False
    if wording.is_cut(line.text, after.text):
        return True
    is_wrapped = len(line.text) >= _SHORTEST_WRAPPED_LINE and not after.follows_gap
    is_vouched = third.is_way_to_it or third.is_imprint or third.possible_imprint is not None
    is_title = not after.is_bare or (is_vouched and after.possible_imprint is None)
    return is_wrapped and is_title and _may_be_title(line)


def _may_be_title(line: Line) -> bool:
    return line.is_bare and not (
        wording.is_never_title(line.text) or wording.is_sentence(line.text)
    )


def _joined(group: list[Line]) -> Line:
    first, last = group[0], group[-1]
    if len(group) == 1:
        return first
    text = " ".join(line.text for line in group if line.text)
    label = first.label or last.label
    return replace(last, number=first.number, text=text, label=label, possible_imprint=None)


def roles(lines: Sequence[Line]) -> Iterator[Role]:
    """Yield the role of each line, in order."""
    for place, line in enumerate(lines):
        if line.is_section:
            yield Role.SECTION
        elif not line.text:
            yield Role.FACTS
        elif not line.is_bare:
            yield Role.TITLE
        else:
            yield _role_of_text(lines, place)


def _role_of_text(lines: Sequence[Line], place: int) -> Role:
    line, after = lines[place], _at(lines, place + 1)
    if line.text.casefold() in FORMATS:
        return Role.FORMAT
    if _REGIONS.search(line.text) and after.text:
        return Role.REGIONS
    if _is_paragraph(lines, place):
        return Role.PARAGRAPH
    if _is_group_imprint(lines, place + 1):
        return Role.HEADING
    # Between one-line entries, a line without links is an entry too.
    in_list = after.is_one_line_entry and _at(lines, place - 1).is_one_line_entry
    if not after.text or after.is_section or in_list:
        return Role.TITLE
    is_introduced = _is_group_imprint(lines, place + 2)
    return Role.TITLE if _is_paragraph(lines, place + 1) and not is_introduced else Role.HEADING


def _is_paragraph(lines: Sequence[Line], place: int) -> bool:
    line, after = _at(lines, place), _at(lines, place + 1)
    if not line.is_bare or line.text.casefold() in FORMATS:
        return False
    if wording.is_never_title(line.text):
        return True
    if after.is_way_to_it:
        return wording.is_sentence(line.text)
    if after.is_imprint and _at(lines, place + 2).is_way_to_it:
        return False
    return wording.is_prose(line.text)


def _is_group_imprint(lines: Sequence[Line], place: int) -> bool:
    return _at(lines, place).is_imprint and _at(lines, place + 1).is_one_line_entry


def _at(lines: Sequence[Line], place: int) -> Line:
    return lines[place] if 0 <= place < len(lines) else _END
