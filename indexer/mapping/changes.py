"""Changes: the named transformations of values that `sources.toml` may ask for.

Patterns are those of RE2 (https://github.com/google/re2/wiki/Syntax), which has no backtracking.
A search takes a time proportional to the text, whatever the pattern is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import msgspec
import re2

MAX_PATTERN_CHARS = 200
"""Limit on a pattern, and on the text that replaces its matches."""
MAX_CHARS, MAX_MATCHES = 5000, 100
"""Limits on a text that patterns change, and on its matches that are replaced. A search for each
match may read the rest of the text."""
MAX_CHANGES = 50
"""Limit on the changes of a file. Each may apply to every value, and its pattern takes 1 MB."""
_GROUP = re.compile(r"\\([0-9])")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    r"""One change of each value of a row, named by exactly one key, except that `replace` has `by`.

    `remove_prefix` and `remove_suffix` remove a text at the start or the end. `replace`: each match
    of a pattern becomes `by`, in which `\1` is its first group. `extract`: only the first group of
    a pattern, or its whole match, is kept; without a match, nothing is. `case`: the case of its
    letters. "sentence" changes only the first letter to upper case, and the others to lower case.
    """

    remove_prefix: str | None = None
    remove_suffix: str | None = None
    replace: str | None = None
    by: str = ""
    extract: str | None = None
    case: Literal["upper", "lower", "title", "sentence"] | None = None

    def apply(self, text: str) -> str:
        """Return the changed text. One that is too long for a pattern is returned unchanged."""
        if self.remove_prefix is not None:
            return text.strip().removeprefix(self.remove_prefix).strip()
        if self.remove_suffix is not None:
            return text.strip().removesuffix(self.remove_suffix).strip()
        if self.case:
            return text.capitalize() if self.case == "sentence" else getattr(text, self.case)()
        if len(text) > MAX_CHARS:
            return text
        if self.replace is not None:
            return str(_compile(self.replace).sub(self._expand, text, MAX_MATCHES))
        match = _compile(self.extract or "").search(text)
        return (match[bool(match.groups())] or "") if match else ""

    def _expand(self, match: Any) -> str:  # noqa: ANN401  a match of RE2, which has no type
        return _GROUP.sub(lambda group: match[int(group[1])] or "", self.by)

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Yield each fault with a hint."""
        kinds = [name for name in self.__struct_fields__ if name != "by"]
        stated = [name for name in kinds if getattr(self, name) is not None]
        if len(stated) != 1 or (self.by and self.replace is None):
            yield f"it has the keys {', '.join(stated)}", f"Use one of: {', '.join(kinds)}"
        if len(self.by) > MAX_PATTERN_CHARS:
            yield "its text `by` is too long", f"Use at most {MAX_PATTERN_CHARS} characters"
        for pattern in (self.replace, self.extract):
            if pattern is not None and (fault := self._find_pattern_fault(pattern)):
                yield fault

    def _find_pattern_fault(self, pattern: str) -> tuple[str, str] | None:
        if len(pattern) > MAX_PATTERN_CHARS:
            hint = f"Use at most {MAX_PATTERN_CHARS} characters"
            return f"the pattern {pattern[:20]!r}… is too long", hint
        try:
            groups = _compile(pattern).groups
        except re2.error as error:
            message = error.args[0].decode()
            return f"{pattern!r} is not a pattern of RE2: {message}", "See docs/import.md"
        if any(int(group) > groups for group in _GROUP.findall(self.by)):
            return f"{self.by!r} names a group that {pattern!r} lacks", "Add the group"
        return None


@lru_cache(maxsize=MAX_CHANGES)
def _compile(pattern: str) -> Any:  # noqa: ANN401  it has no types
    return re2.compile(pattern, _OPTIONS)
