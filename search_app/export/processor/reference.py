"""The variables of a publication, and the marks of italics in its citation."""

from __future__ import annotations

from collections.abc import Mapping, Set

from citeproc import source
from citeproc.string import String

FIRST_MARK, LAST_MARK = "\ue000", "\ue001"
"""Characters of the private use area before and after text in italics."""

_UNCOUNTED = frozenset({"type", "language", "year_suffix"})
"""Variables that no group depends on."""


class MarkedText:
    """A formatter of citeproc-py that marks italics and no other typeface."""

    @staticmethod
    def preformat(text: str) -> str:
        """Return a text as it is. The template escapes it."""
        return text

    @staticmethod
    def Italic(text: object) -> String:  # noqa: N802 - the name that citeproc-py asks for
        """Return a text between marks."""
        return String(f"{FIRST_MARK}{text}{LAST_MARK}")

    Oblique = Italic
    Bold = Light = Underline = Superscript = Subscript = SmallCaps = staticmethod(String)


class Reference(source.Reference):
    """The variables of a publication, by names with underscores.

    `stated` are the names of all. `printed` are those that were read since it was last cleared.
    `attempts` counts the variables that were asked for, and `reads` those that have a value.
    """

    def __init__(self, key: str, variables: Mapping[str, object]) -> None:
        dict.__init__(self, variables)
        self.key = key
        self.stated = frozenset(variables)
        self.printed: set[str] = set()
        self.attempts = self.reads = 0

    # citeproc-py sets and reads variables as attributes. Ours are attributes of the object.
    __setattr__ = object.__setattr__

    def __getitem__(self, name: str) -> object:
        if name in _UNCOUNTED:
            return super().__getitem__(name)
        self.attempts += 1
        value = super().__getitem__(name)
        self.reads += 1
        self.printed.add(name)
        return value

    def get(self, name: str, default: object = None) -> object:
        """Return a variable, or a default."""
        return self[name] if name in self else default  # noqa: SIM401 - it would call itself

    def hide(self, names: Set[str]) -> None:
        """Print these variables no more. Conditions still see them in `stated`."""
        for name in tuple(names):
            self.pop(name, None)
