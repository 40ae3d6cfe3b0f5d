"""citeproc-py with the rules of CSL 1.0.2 that it lacks: one publication in, its citation out.

docs/decisions/0037-citeproc-with-corrections.md has the comparison with citeproc-js. From the top:
rules for letters and numbers, the variables of a publication, the elements of a style that print
them, and the style.
"""

import re
from collections.abc import Mapping, Set
from copy import deepcopy
from pathlib import Path

from citeproc import LOCALES_PATH, CitationStylesStyle, model, source
from citeproc.source import CitationItem, VariableError
from citeproc.string import String
from lxml import etree

FIRST_MARK, LAST_MARK = "\ue000", "\ue001"
"""Characters of the private use area before and after text in italics."""
_LOWER_CASE = (
    "a about above across afore after against al along alongside amid amidst among amongst an and "
    "anenst apropos apud around as aside astride at athwart atop barring before behind below "
    "beneath beside besides between beyond but by c ca circa de despite down during et except for "
    "forenenst from given in inside into lest like modulo near next nor notwithstanding of off on "
    "onto or out over per plus pro qua sans since so than the through throughout thru till "
    "to toward towards under underneath until unto up upon v versus via vis-à-vis von vs with "
    "within without yet"
)
"""Words that stay in lower case within a title (CSL 1.0.2, "Title Case Conversion")."""
_LOWER_CASE_WORD = re.compile(rf"(?<!\w)(?:{_LOWER_CASE.replace(' ', '|')})(?!\w)")
_WORD = re.compile(r"[^\s\-–/]+")
_MARKS = "“”‘’\"'()[].,:;?!…"
_DOUBLE_QUOTED = re.compile("“([^“”]*)”")
_SINGLE_QUOTED = re.compile(r"‘([^‘’]*)’(?!\w)")
_NUMERIC = re.compile(r"[A-Za-z]*\d+[A-Za-z]*(?:\s*[,&/–-]\s*[A-Za-z]*\d+[A-Za-z]*)*")
_UNCOUNTED = frozenset({"type", "language", "year_suffix"})
"""Variables that no group depends on."""
_NAMESPACE = "http://purl.org/net/xbiblio/csl"
_CSL = {"cs": _NAMESPACE}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DEFAULT_LOCALE = "en-US"


def to_title_case(text: str) -> str:
    """Return a text in title case.

    Words with capital letters stay as they are, and so do single letters, such as in `e. coli`. A
    full stop does not begin a part, because most of them end an abbreviation: `Proc. of the IEEE`.
    """
    lower = {at for match in _LOWER_CASE_WORD.finditer(text) for at in range(*match.span())}
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


class MarkedText:
    """A formatter of citeproc-py that marks italics and no other typeface."""

    @staticmethod
    def preformat(text: str) -> str:
        """Return a text as it is. The template escapes it."""
        return text

    @staticmethod
    def Italic(text: object) -> String:  # noqa: N802 - the name that citeproc-py asks for
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
        return self[name] if name in self else default  # noqa: SIM401 - it would call itself

    def hide(self, names: Set[str]) -> None:
        """Print these variables no more. Conditions still see them in `stated`."""
        for name in tuple(names):
            self.pop(name, None)


# The name of a class is that of its element. citeproc-py calls `process`, then `render`.


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
        options.pop("names_context", None)  # the style has written out what it would add
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

    _format_last_page = Number._format_last_page

    def get_macro(self, name: str) -> model.Macro:
        """Return a macro by its name. citeproc-py searches the whole style each time."""
        return self.get_root().macros[name]

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


_ELEMENTS = (Names, Name, Substitute, Group, Macro, If, Else_If, Label, Date_Part, Number, Text)


class Style(CitationStylesStyle):
    """A style of the CSL project with its locale.

    `quotes_last`: a closing quotation mark comes after a full stop or a comma.
    """

    def __init__(self, path: Path) -> None:
        self.root = _parse(path)
        _write_out_substitutes(self.root)
        # A style numbers the entries of a list. There is one citation.
        numbers = "//cs:bibliography//cs:text[@variable='citation-number']"
        for number in self.root.xpath(numbers, namespaces=_CSL):
            number.getparent().remove(number)
        language = self.root.get("default-locale", _DEFAULT_LOCALE)
        in_style = {locale.get(_LANG): locale for locale in self.root.findall("cs:locale", _CSL)}
        self.root.locales = [
            *(in_style[tag] for tag in (language, language[:2], None) if tag in in_style),
            *(
                _parse(Path(LOCALES_PATH) / f"locales-{tag}.xml")
                for tag in dict.fromkeys((language, _DEFAULT_LOCALE))
            ),
        ]
        for locale in self.root.locales:
            locale.style = self.root
            # citeproc-py does not fall back from the short form of a season to its long form.
            seasons = "cs:terms/cs:term[starts-with(@name, 'season-')]"
            for term in locale.xpath(seasons, namespaces=_CSL):
                short = deepcopy(term)
                short.set("form", "short")
                term.addnext(short)
        macros = self.root.iterfind("cs:macro", _CSL)
        self.root.macros = {macro.get("name"): macro for macro in macros}
        self.quotes_last = self.root.get_locale_option("punctuation-in-quote") == "true"


def _parse(path: Path) -> etree._Element:
    lookup = etree.ElementNamespaceClassLookup()
    namespace = lookup.get_namespace(_NAMESPACE)
    namespace[None] = model.CitationStylesElement
    for cls in (*model.CitationStylesElement.__subclasses__(), *_ELEMENTS):
        namespace[cls.__name__.replace("_", "-").lower()] = cls
    parser = etree.XMLParser(remove_comments=True, no_network=True, resolve_entities=False)
    parser.set_element_class_lookup(lookup)
    return etree.parse(str(path), parser).getroot()


def _write_out_substitutes(root: etree._Element) -> None:
    """Give names in a substitute the form and the label of the names around it."""
    for names in root.xpath("//cs:substitute//cs:names[not(cs:name)]", namespaces=_CSL):
        parts = "cs:name | cs:et-al | cs:label"
        own = {child.tag for child in names.xpath(parts, namespaces=_CSL)}
        around = names.xpath("ancestor::cs:names[1]", namespaces=_CSL)[0]
        missing = [c for c in around.xpath(parts, namespaces=_CSL) if c.tag not in own]
        for position, child in enumerate(missing):
            names.insert(position, deepcopy(child))
