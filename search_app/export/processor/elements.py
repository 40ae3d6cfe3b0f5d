"""Elements of a style, each with the rules of CSL 1.0.2 that its class in citeproc-py lacks.

The name of a class is that of its element. citeproc-py calls `process`, then `render`.
"""

from __future__ import annotations

import re

from citeproc import model
from citeproc.source import CitationItem, VariableError
from citeproc.string import String

from search_app.export.processor.text import alternate_quotes, shorten_range, to_title_case

_NUMERIC = re.compile(r"[A-Za-z]*\d+[A-Za-z]*(?:\s*[,&/–-]\s*[A-Za-z]*\d+[A-Za-z]*)*")


class Names(model.Names):
    """Names. A group around them asks for a variable even if nobody is named."""

    def process(self, item: CitationItem, *args: object, **options: object) -> String:
        item.reference.attempts += 1
        return super().process(item, *args, **options)


class Name(model.Name):
    """The form of names: full given names, two bodies, and suffixes after bare initials."""

    def get_option(self, name: str, context: object = None, sort_options: object = None) -> object:
        if name == "initialize-with" and self.get("initialize") == "false":
            return None
        return super().get_option(name, context, sort_options)

    def process(
        self, item: CitationItem, variable: str, context: object = None, **options: object
    ) -> String:
        people = item.reference.get(variable, [])
        if len(people) == 2 and "literal" in people[1]:  # a body is not inverted: no comma
            options["sort_options"] = {"delimiter-precedes-last": "never"}
        if self.get_option("initialize-with", context) == "":
            for person in people:
                if "suffix" in person:
                    person["suffix"] = person["suffix"].replace(".", "")
        return super().process(item, variable, context=context, **options)

    def initialize(self, given: str, mark: str, context: object) -> str:
        """Return the initials of given names, each with a mark after it.

        A word that begins with a small letter or with no letter stays as it is: `S. de`.
        """
        hyphen = "-" if self.get_option("initialize-with-hyphen", context) else ""
        text, is_initial = "", True
        for word in given.replace(".", " ").split():
            was_initial, is_initial = is_initial, word[0].isalpha() and not word[0].islower()
            if not (was_initial and is_initial):
                text = f"{text.rstrip()} "
            if is_initial:
                letters = [part[0] for part in word.split("-") if part]
                text += f"{mark.rstrip() if hyphen else mark}{hyphen}".join(letters) + mark
            else:
                text += word
        return text.strip()


class Substitute(model.Substitute):
    """The first substitute that has text. Its variables are not printed again."""

    def render(
        self, item: CitationItem, context: object = None, **options: object
    ) -> String | None:
        options.pop("names_context", None)  # `style` has written out what it would add
        for child in self.iterchildren():
            item.reference.printed.clear()
            try:
                text = child.render(item, context=context, **options)
            except VariableError:
                continue
            if text:
                item.reference.hide(item.reference.printed)
                return text
        return None


class Group(model.Group):
    """A group is left out if it asks for variables and none has a value.

    Groups and macros in it count as variables that have a value if they print text.
    """

    def process(self, item: CitationItem, context: object = None, **options: object) -> String:
        reference = item.reference
        attempts, reads = reference.attempts, reference.reads
        text = super().process(item, context=context, **options)
        if reference.attempts > attempts and reference.reads == reads:
            raise VariableError
        reference.reads += text is not None
        return text


class Macro(model.Macro):
    """A macro with text counts as a variable that has a value."""

    def render(self, item: CitationItem, *args: object, **options: object) -> String | None:
        text = super().render(item, *args, **options)
        item.reference.reads += text is not None
        return text


class If(model.If):
    """A condition. It prints nothing, so it does not count as an attempt to print a variable.

    It is true of variables that a substitute has printed, and of numbers in lists and ranges.
    """

    def _variable(self, item: CitationItem) -> list[bool]:
        return [name in item.reference.stated for name in self._list_names("variable")]

    def _is_numeric(self, item: CitationItem) -> list[bool]:
        values = [dict.get(item.reference, name, "") for name in self._list_names("is-numeric")]
        return [_NUMERIC.fullmatch(str(value)) is not None for value in values]

    def _is_uncertain_date(self, item: CitationItem) -> list[bool]:
        names = self._list_names("is-uncertain-date")
        dates = [dict.get(item.reference, name) for name in names]
        return [bool(date and date.get("circa")) for date in dates]

    def _list_names(self, attribute: str) -> list[str]:
        return str(self.get(attribute)).replace("-", "_").split()


class Else_If(If):
    """A condition after another."""


class Label(model.Label):
    """A label is in the language of the style, so its text case applies.

    It is plural for ranges and lists, not for a number such as 12/04.
    """

    RE_MULTIPLE_NUMBERS = re.compile(r"\d[^\d./]+\d")

    def case(self, text: String, language: str | None = None) -> String:
        return super().case(text, language or "en")


class Date_Part(model.Date_Part):
    """A part of a date. A style that changes the form of a locale does so for one date only."""

    def render(self, *args: object, **options: object) -> String | None:
        before = dict(self.attrib)
        try:
            return super().render(*args, **options)
        finally:
            self.attrib.clear()
            self.attrib.update(before)


class Number(model.Number):
    """A number, or a range as short as the style has it."""

    def _format_last_page(self, first: str, last: str) -> str:
        return shorten_range(first, last, self.get_root().get("page-range-format", ""))


class Text(model.Text):
    """Text in title case, with quotation marks, a range of pages, or the text of a macro."""

    def get_macro(self, name: str) -> model.Macro:
        """Return a macro by its name. citeproc-py searches the whole style each time."""
        return self.get_root().macros[name]

    def _format_last_page(self, first: str, last: str) -> str:
        return shorten_range(first, last, self.get_root().get("page-range-format", ""))

    def case(self, text: String, language: str | None = None) -> String:
        form = self.get("text-case")
        if form == "title":
            return String(to_title_case(str(text))) if language == "en" else text
        if form == "capitalize-first" and not str(text).split(" ")[0].islower():
            return text  # "arXiv" stays as it is
        return super().case(text, language)

    def quote(self, string: String) -> String:
        if self.get("quotes") == "true":
            outer = str(self.get_single_term(name="open-quote"))
            string = String(alternate_quotes(str(string), outer))
        return super().quote(string)


CLASSES = (
    Names, Name, Substitute, Group, Macro, If, Else_If, Label, Date_Part, Number, Text,
)  # fmt: skip
