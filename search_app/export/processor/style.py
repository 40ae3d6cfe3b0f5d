"""Load a style of the CSL project with our classes of elements."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from citeproc import LOCALES_PATH, CitationStylesStyle, model
from lxml import etree

from search_app.export.processor.elements import CLASSES

_NAMESPACE = "http://purl.org/net/xbiblio/csl"
_CSL = {"cs": _NAMESPACE}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DEFAULT_LOCALE = "en-US"
_PARTS_OF_NAMES = ("name", "et-al", "label")


class Style(CitationStylesStyle):
    """A style with its locale.

    `quotes_last`: a closing quotation mark comes after a full stop or a comma.
    """

    def __init__(self, path: Path) -> None:
        self.root = _parse(path)
        _write_out_substitutes(self.root)
        _remove_numbers_of_entries(self.root)
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
            _add_short_seasons(locale)
            locale.style = self.root
        macros = self.root.iterfind("cs:macro", _CSL)
        self.root.macros = {macro.get("name"): macro for macro in macros}
        self.quotes_last = self.root.get_locale_option("punctuation-in-quote") == "true"


def _parse(path: Path) -> etree._Element:
    lookup = etree.ElementNamespaceClassLookup()
    namespace = lookup.get_namespace(_NAMESPACE)
    namespace[None] = model.CitationStylesElement
    for cls in (*model.CitationStylesElement.__subclasses__(), *CLASSES):
        namespace[cls.__name__.replace("_", "-").lower()] = cls
    parser = etree.XMLParser(remove_comments=True, no_network=True, resolve_entities=False)
    parser.set_element_class_lookup(lookup)
    return etree.parse(str(path), parser).getroot()


def _write_out_substitutes(root: etree._Element) -> None:
    """Give names in a substitute the form and the label of the names around it."""
    for names in root.xpath("//cs:substitute//cs:names[not(cs:name)]", namespaces=_CSL):
        own = {etree.QName(child).localname for child in names}
        parent = names.xpath("ancestor::cs:names[1]", namespaces=_CSL)[0]
        missing = [
            child
            for child in parent
            if etree.QName(child).localname in _PARTS_OF_NAMES
            and etree.QName(child).localname not in own
        ]
        for position, child in enumerate(missing):
            names.insert(position, deepcopy(child))


def _remove_numbers_of_entries(root: etree._Element) -> None:
    """Remove the number that a style gives to each entry of a list: there is one citation."""
    path = "//cs:bibliography//cs:text[@variable='citation-number']"
    for number in root.xpath(path, namespaces=_CSL):
        number.getparent().remove(number)


def _add_short_seasons(locale: etree._Element) -> None:
    """Copy the names of seasons as short forms. citeproc-py does not fall back to the long form."""
    for term in locale.xpath("cs:terms/cs:term[starts-with(@name, 'season-')]", namespaces=_CSL):
        short = deepcopy(term)
        short.set("form", "short")
        term.addnext(short)
