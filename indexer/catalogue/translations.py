"""Translations of a catalogue: check their texts, and apply them for display."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from itertools import repeat
from types import MappingProxyType

import msgspec

from indexer import toml
from indexer.catalogue.fields import (
    FIELD_TEXTS,
    MISSING,
    NO_FIELD_TEXTS,
    NO_TEXTS,
    WHOLE_TEXTS,
    Catalogue,
    CatalogueTexts,
    Faults,
    Field,
    FieldTexts,
    get_primary,
)
from indexer.catalogue.records import Publication, Value
from indexer.values import iso_codes

STANDARD_LANGUAGE = "en"
"""The language of standard texts."""
_FREE_KINDS = frozenset({"text", "keyword"})
"""Kinds whose values are texts of the source. Other values are codes, numbers, and names, which
have no language, or are displayed in that of the page."""


def translate(
    catalogue: Catalogue, language: str, names: Mapping[str, str] = MappingProxyType({})
) -> TranslatedCatalogue:
    """Return a catalogue with its texts in a language, for display only.

    `names` contains the names of concepts in this language, by those in the catalogue's own. A text
    without a translation stays in the catalogue's own language.
    """
    texts = _find_texts(catalogue, language)
    whole = {key: getattr(texts, key) or getattr(catalogue, key) for key in WHOLE_TEXTS}
    return TranslatedCatalogue(
        **{
            **{name: getattr(catalogue, name) for name in catalogue.__struct_fields__},
            **whole,
            "notices": texts.notices or catalogue.notices,
            "fields": tuple(_translate_field(field, texts) for field in catalogue.fields),
            "examples": tuple(
                (query, translated or meaning)
                for (query, translated), (_, meaning) in _pair_examples(catalogue, texts)
            ),
            "display_language": language,
            "own": catalogue,
            "texts": texts,
            "names": names,
        }
    )


def _find_texts(catalogue: Catalogue, language: str) -> CatalogueTexts:
    """Return the texts in a language or a variant of it, or else standard ones if it has any."""
    translations = catalogue.translations
    variants = (tag for tag in translations if get_primary(tag) == get_primary(language))
    texts = translations.get(language) or translations.get(next(variants, ""), NO_TEXTS)
    if get_primary(catalogue.language) != STANDARD_LANGUAGE:
        return texts
    labels, types, meanings = (
        _read_standard(file).get(get_primary(language), {})
        for file in ("labels", "types", "examples")
    )
    fields = dict(texts.field)
    for field in catalogue.fields:
        field_texts = fields.get(field.name, NO_FIELD_TEXTS)
        fields[field.name] = msgspec.structs.replace(
            field_texts,
            label=field_texts.label or _find_label(field, catalogue, labels, language),
            values=types | field_texts.values if field.role == "type" else field_texts.values,
        )
    examples = texts.examples or tuple(meanings.get(text, "") for _, text in catalogue.examples)
    return msgspec.structs.replace(texts, field=fields, examples=examples)


def _find_label(
    field: Field, catalogue: Catalogue, labels: Mapping[str, str], language: str
) -> str:
    """Return the standard label of a field, or "". "Title (French)" has two parts."""
    parent, code = catalogue.by_name.get(field.translates or ""), field.language or ""
    if parent and field.label == f"{parent.label} ({iso_codes.get_language_name(code)})":
        name = iso_codes.get_language_name(code, language)
        return f"{labels[parent.label]} ({name})" if parent.label in labels else ""
    return labels.get(field.label, "")


@cache
def _read_standard(file: str) -> dict[str, dict[str, str]]:
    """Return the standard texts of a file, by language and by the English text."""
    standard = toml.load_resource(__package__, f"standard_{file}.toml", dict[str, dict[str, str]])
    by_language: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for text, names in standard.items():
        for language, name in names.items():
            by_language[language][text] = name
    return by_language


def _pair_examples(
    catalogue: Catalogue, texts: CatalogueTexts
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield the translation of each example, whose explanation may be empty, with the own one."""
    for own, translated in zip(catalogue.examples, texts.examples or repeat(""), strict=False):
        yield (own[0], translated) if isinstance(translated, str) else translated, own


def _translate_field(field: Field, texts: CatalogueTexts) -> Field:
    field_texts = texts.field.get(field.name, NO_FIELD_TEXTS)
    shown = {key: getattr(field_texts, key) or getattr(field, key) for key in FIELD_TEXTS}
    return msgspec.structs.replace(field, **shown)


class TranslatedCatalogue(Catalogue, frozen=True, kw_only=True):
    """A catalogue with its texts in another language.

    `language` stays the catalogue's own, that of the texts without a translation.
    `display_language` is the language of `texts`, the translated ones. `own` is the catalogue in
    its own language. `names` contains the names of concepts, by those in the catalogue's language.
    """

    display_language: str
    own: Catalogue
    texts: CatalogueTexts
    names: Mapping[str, str]

    @property
    def page_language(self) -> str:
        return self.display_language

    def renames(self, field: str) -> bool:
        """Return whether values of a field may have another display text than in the source."""
        kind, child = self.by_name[field].kind, self.children.get(field)
        is_region = child is not None and child.kind == "country"
        return is_region or kind in ("country", "language") or bool(self._get_translations(field))

    def make_label(self, field: str, value: Value) -> str:
        """Return the translated text of a value, or its name in the display language.

        Codes and regions of the United Nations have such names. Other values stay as they are.
        """
        if label := self._get_translations(field).get(str(value)):
            return label
        child = self.children.get(field)
        if child and child.kind == "country":
            names = iso_codes.translate_region(str(value), (self.display_language,), self.language)
            return names.get(self.display_language, str(value))
        return self.by_name[field].display(value, self.display_language)

    def find_label_language(self, name: str, value: Value) -> str | None:
        field = self.by_name[name]
        has_no_language = field.kind not in _FREE_KINDS and self.display_language != self.language
        if has_no_language or str(value) in self._get_translations(name):
            return None
        is_own = self.get_label(name, value) == field.display(value, self.language)
        return self.language if is_own else None

    def _get_translations(self, field: str) -> Mapping[str, str]:
        return self.texts.field.get(field, NO_FIELD_TEXTS).values

    def find_text_language(self, text: str) -> str | None:
        return self.language if text in self._own_texts else None

    def translate_name(self, name: str) -> str:
        return self.names.get(name, name)

    def find_name_language(self, name: str) -> str | None:
        is_own = self.display_language == self.language or name not in self.names
        return self.language if is_own else None

    def find_publication_language(self, publication: Publication) -> str | None:
        return publication.lang or self.language

    @cached_property
    def _own_texts(self) -> frozenset[str]:
        texts = self.texts
        own = [getattr(self, key) for key in WHOLE_TEXTS if not getattr(texts, key)]
        own += () if texts.notices else self.notices
        pairs = _pair_examples(self.own, texts)
        own += [meaning for (_, translated), (_, meaning) in pairs if not translated]
        for field in self.fields:
            field_texts = texts.field.get(field.name, NO_FIELD_TEXTS)
            own += [getattr(field, key) for key in FIELD_TEXTS if not getattr(field_texts, key)]
        return frozenset(own)


def list_query_names(catalogue: Catalogue) -> Iterator[tuple[str, Field]]:
    """Yield the labels and further names that translations in any language give to fields."""
    for field, texts in _list_field_texts(catalogue):
        yield from ((name, field) for name in (texts.label, *texts.names) if name)


def list_value_labels(catalogue: Catalogue, name: str) -> Iterator[tuple[str, str]]:
    """Yield each translation of each value of a field with the value, in all languages.

    The label of publications without a value is one of MISSING.
    """
    for field, texts in _list_field_texts(catalogue):
        if field.name == name:
            if texts.missing:
                yield texts.missing, MISSING
            yield from ((label, value) for value, label in texts.values.items())


def _list_field_texts(catalogue: Catalogue) -> Iterator[tuple[Field, FieldTexts]]:
    for language in dict.fromkeys((*catalogue.translations, *_read_standard("labels"))):
        texts = _find_texts(catalogue, language)
        for field in catalogue.fields:
            yield field, texts.field.get(field.name, NO_FIELD_TEXTS)


def find_field_faults(field: Field, catalogue: Catalogue) -> Faults:
    """Yield each fault of a field that has a title or abstract in another language."""
    if field.translates is None and field.language is None:
        return
    translated = catalogue.by_name.get(field.translates or "")
    if translated is None or translated.role not in ("title", "abstract"):
        hint = "Name the field of the title or of the abstract"
        yield f"{field.name!r} translates {field.translates!r}", hint
    if not iso_codes.has_names(field.language or ""):
        hint = "Write a code such as fr or pt-BR"
        yield f"{field.name!r} has the language {field.language!r}", hint
    if field.kind != "text" or field.several:
        yield f"{field.name!r} is a translation, but not one text", "Use the kind 'text', once"


def find_faults(language: str, texts: CatalogueTexts, catalogue: Catalogue) -> Faults:
    if not iso_codes.has_names(language):
        hint = "Name the file after a code such as fr or pt-BR: catalogue.fr.toml"
        yield f"the language {language!r} is unknown", hint
    elif get_primary(language) == get_primary(catalogue.language):
        yield f"{language!r} is the language of the catalogue itself", "Write its texts there"
    for key, own in (("notices", catalogue.notices), ("examples", catalogue.examples)):
        number = len(getattr(texts, key))
        if number not in {0, len(own)}:
            hint = "Translate all of them in their order, or none"
            yield f"it has {number} {key}, but the catalogue has {len(own)}", hint
    for name, field_texts in texts.field.items():
        if field := catalogue.by_name.get(name):
            yield from _find_text_faults(field, field_texts, catalogue)
        else:
            names = ", ".join(catalogue.by_name)
            yield f"the catalogue has no field {name!r}", f"Use the name of a field: {names}"


def _find_text_faults(field: Field, texts: FieldTexts, catalogue: Catalogue) -> Faults:
    for name in texts.names:
        other = catalogue.by_query_name.get(name.lower(), field)
        if other != field:
            message = f"{field.name!r} has the name {name!r}, which is one of {other.name!r}"
            yield message, "Write another name, or remove it"
    for value, label in texts.values.items():
        if field.values and value not in field.values:
            hint = f"Translate some of: {', '.join(field.values)}"
            yield f"{field.name!r} does not allow the value {value!r}", hint
        elif not label:
            yield f"the value {value!r} of {field.name!r} has no text", "Write one, or remove it"
