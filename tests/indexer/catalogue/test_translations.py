"""The texts of a catalogue are translated by `catalogue.fr.toml` and files like it."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.fields import (
    FIELD_TEXTS,
    NOT_STATED,
    WHOLE_TEXTS,
    Catalogue,
    CatalogueTexts,
    Field,
    FieldTexts,
)
from indexer.catalogue.records import Publication, SourceLocation
from indexer.catalogue.thesaurus import Concept, Thesaurus
from indexer.catalogue.translations import TranslatedCatalogue, translate
from indexer.mapping.standard_fields import list_standard_fields, list_translation_fields
from indexer.values.publication_types import PublicationType, group_by_csl_type, read_type
from search_app.i18n.translation import LANGUAGES
from tests.conftest import ROOT

OWN = Catalogue(
    title="Catalogue",
    description="Some books.",
    fields=(
        Field("title", "Heading", kind="text", role="title", weight=1.0),
        Field("section", "Section", facet=1, values=("Tools", "Police"), missing="No section"),
        Field("region", "Region", facet=2, several=True),
        Field("country", "Country", kind="country", parent="region", grouping="regions.toml"),
        Field("language", "Tongue", kind="language", qualifier="summary"),
        Field("body", "Organisation", facet=3),
        Field("author", "Author", kind="name"),
        Field("year", "Time", kind="year"),
    ),
    publisher="Office",
    source="A printed catalogue",
    notices=("First notice.", "Second notice."),
    examples=(("law", "books with the word"), ('"a b"', "side by side")),
)

FRENCH = """\
title = "Catalogue en français"
notices = ["Premier avis.", "Deuxième avis."]
examples = ["livres qui ont ce mot", "côte à côte"]

[field.section]
label = "Rubrique"
[field.section.values]
"Tools" = "Outils"
"Police" = "Police"

[field.body.values]
"UN" = "ONU"
"""

FAULTS = {
    "unknown language": ("klingon", 'title = "T"', "the language 'klingon' is unknown"),
    "file of another language": ("fr.old", 'title = "T"', "the language 'fr.old' is unknown"),
    "its own language": ("en-GB", 'title = "T"', "'en-GB' is the language of the catalogue itself"),
    "unknown key": ("fr", 'heading = "T"', "`heading`"),
    "unknown field": ("fr", '[field.heading]\nlabel = "L"', "has no field 'heading'"),
    "unknown key of a field": ("fr", '[field.section]\nfacet = 1', "`facet`"),
    "too many notices": ("fr", 'notices = ["N", "O", "P"]', "it has 3 notices, but the catalogue"),
    "too few examples": ("fr", 'examples = ["E"]', "it has 1 examples, but the catalogue"),
    "name of another field": (
        "fr", '[field.body]\nnames = ["Section"]', "'body' has the name 'Section', which is one of",
    ),
    "unknown value": (
        "fr", '[field.section.values]\n"Novels" = "Romans"', "does not allow the value 'Novels'",
    ),
    "empty text of a value": ("fr", '[field.body.values]\nUN = ""', "'UN' of 'body' has no text"),
    "no TOML": ("fr", "[[field", "Expected ']]'"),
}  # fmt: skip


def write_corpus(folder: Path, **translations: str) -> Path:
    (folder / "catalogue.toml").write_text(catalogue_toml.format_toml(OWN), encoding="utf-8")
    (folder / "regions.toml").write_text('[regions]\n"Africa" = ["KE"]\n', encoding="utf-8")
    for language, text in translations.items():
        (folder / f"catalogue.{language}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("language", "text", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_translation_is_rejected(
    language: str, text: str, fault: str, tmp_path: Path
) -> None:
    write_corpus(tmp_path)
    file = tmp_path / f"catalogue.{language}.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        catalogue_toml.load(tmp_path)
    assert caught.value.file == file
    assert fault in caught.value.message
    assert caught.value.hint


def test_a_translation_may_have_examples_of_its_own(tmp_path: Path) -> None:
    french = 'examples = [["loi", "livres qui ont ce mot"], ["\\"c d\\"", ""]]'
    shown = translate(catalogue_toml.load(write_corpus(tmp_path, fr=french)), "fr")
    assert shown.examples == (("loi", "livres qui ont ce mot"), ('"c d"', "side by side"))
    assert [shown.find_text_language(text) for _, text in shown.examples] == [None, "en"]


def test_a_translation_replaces_the_texts_that_it_has(tmp_path: Path) -> None:
    catalogue = catalogue_toml.load(write_corpus(tmp_path, fr=FRENCH))
    shown = translate(catalogue, "fr")
    assert (shown.title, shown.description) == ("Catalogue en français", "Some books.")
    assert shown.notices == ("Premier avis.", "Deuxième avis.")
    assert shown.examples == (("law", "livres qui ont ce mot"), ('"a b"', "côte à côte"))
    assert [field.label for field in shown.fields[:3]] == ["Heading", "Rubrique", "Region"]
    own = {text for text in (shown.title, "Region", "Rubrique") if shown.find_text_language(text)}
    assert own == {"Region"}
    assert shown.find_text_language("Region") == "en"
    assert catalogue.find_text_language("Region") is None


@pytest.mark.parametrize(
    ("field", "value", "label", "language"),
    [
        ("section", "Tools", "Outils", None),
        ("section", "Police", "Police", None),
        ("body", "UN", "ONU", None),
        ("body", "UNODC", "UNODC", "en"),
        ("region", "Africa", "Afrique", None),
        ("region", "South and East", "South and East", "en"),
        ("country", "PS", "État de Palestine", None),
        ("language", "zh", "chinois", None),
        ("author", "Doe, Jane", "Jane Doe", None),
        ("year", "2009", "2009", None),
    ],
)
def test_a_value_has_a_text_in_the_language(
    field: str, value: str, label: str, language: str | None, tmp_path: Path
) -> None:
    """A value is displayed by its translation, the name of its code or region, or as it is.

    Its own text has the language of the catalogue.
    """
    shown = translate(catalogue_toml.load(write_corpus(tmp_path, fr=FRENCH)), "fr")
    assert shown.get_label(field, value) == label
    assert shown.find_label_language(field, value) == language


def test_a_language_without_a_file_has_names_only(tmp_path: Path) -> None:
    catalogue = catalogue_toml.load(write_corpus(tmp_path, fr=FRENCH))
    shown = translate(catalogue, "es")
    assert (shown.title, shown.notices) == (OWN.title, OWN.notices)
    assert shown.find_text_language(OWN.title) == shown.find_text_language("First notice.") == "en"
    assert shown.get_label("country", "KE") == "Kenya"
    assert shown.get_label("region", "Africa") == "África"
    assert shown.get_label("section", "Tools") == "Tools"


def test_a_concept_has_its_name_in_the_language_or_else_its_own() -> None:
    """A concept has its name in the language of a page. Without one, its own states its language.

    A page in another language than the interface states the language of all names.
    """
    concepts = Thesaurus((
        Concept(id="law", prefLabel={"en": "law"}, altLabel={"fr": ("loi", "lois")}),
        Concept(id="app", prefLabel={"en": "app", "fr": "app"}),
        Concept(id="sea", prefLabel={"en": "sea", "es": "mar"}),
        Concept(id="port", prefLabel={"fr": "port"}),
    ))  # fmt: skip
    french = translate(OWN, "fr", concepts.translate_names("en", "fr"))
    shown = {name: french.translate_name(name) for name in ("law", "app", "sea")}
    assert shown == {"law": "loi", "app": "app", "sea": "sea"}
    assert [french.find_name_language(name) for name in shown] == [None, None, "en"]
    own = translate(OWN, "en", concepts.translate_names("en", "en"))
    assert (own.translate_name("law"), own.find_name_language("law")) == ("law", "en")
    assert (OWN.translate_name("law"), OWN.find_name_language("law")) == ("law", None)


def test_a_file_of_a_variant_translates_its_language(tmp_path: Path) -> None:
    """A file for a variant such as Canadian French translates into French."""
    catalogue = catalogue_toml.load(write_corpus(tmp_path, **{"fr-CA": FRENCH}))
    assert translate(catalogue, "fr").title == "Catalogue en français"
    assert translate(catalogue, "ru").title == OWN.title


def test_the_title_of_a_publication_has_a_language_on_a_translated_page(tmp_path: Path) -> None:
    catalogue = catalogue_toml.load(write_corpus(tmp_path, fr=FRENCH))
    english = Publication(id="a", title="A", source=SourceLocation("a", 1))
    spanish = msgspec.structs.replace(english, lang="es")
    pages = catalogue, translate(catalogue, "fr")
    languages = [[page.find_publication_language(each) for page in pages]
                 for each in (english, spanish)]  # fmt: skip
    assert languages == [[None, "en"], ["es", "es"]]


TEXT = st.text(max_size=4)
TEXTS = st.builds(
    CatalogueTexts,
    **dict.fromkeys(WHOLE_TEXTS, TEXT),
    notices=st.sampled_from([(), ("1", "2")]),
    examples=st.sampled_from([(), ("3", "4")]),
    field=st.dictionaries(
        st.sampled_from(sorted(OWN.by_name)),
        st.builds(
            FieldTexts, **dict.fromkeys(FIELD_TEXTS, TEXT), values=st.dictionaries(TEXT, TEXT)
        ),
    ),
)


@given(TEXTS)
def test_every_text_is_translated_or_has_its_language(texts: CatalogueTexts) -> None:
    shown = translate(msgspec.structs.replace(OWN, translations={"fr": texts}), "fr")
    assert isinstance(shown, TranslatedCatalogue)
    pairs = [(getattr(shown, key), getattr(texts, key)) for key in WHOLE_TEXTS]
    pairs += [
        (getattr(field, key), getattr(texts.field.get(field.name, FieldTexts()), key))
        for field in shown.fields
        for key in FIELD_TEXTS
    ]
    for text, translated in pairs:
        assert text == translated or shown.find_text_language(text) == "en"
    names = [field.name for field in OWN.fields]
    assert [field.name for field in shown.fields] == names
    assert msgspec.json.decode(
        msgspec.json.encode(msgspec.structs.replace(OWN, translations={"fr": texts})),
        type=Catalogue,
    ).translations == {"fr": texts}


def test_translations_of_the_first_catalogue_are_complete() -> None:
    catalogue = catalogue_toml.load(ROOT / "corpus")
    assert sorted(catalogue.translations) == ["ar", "es", "fr", "ru", "zh"]
    assert [*_list_missing(catalogue)] == []


def test_the_first_catalogue_repeats_no_standard_label() -> None:
    """A label with a standard translation has no other one, so each is in one place."""
    catalogue = catalogue_toml.load(ROOT / "corpus")
    bare = msgspec.structs.replace(catalogue, translations={})
    for language, texts in catalogue.translations.items():
        standard = translate(bare, language)
        labelled = [standard.by_name[name] for name, field in texts.field.items() if field.label]
        assert [
            each.label for each in labelled if not standard.find_text_language(each.label)
        ] == []


def _list_missing(catalogue: Catalogue) -> Iterator[str]:
    for language in catalogue.translations:
        shown = translate(catalogue, language)
        texts = [getattr(catalogue, key) for key in WHOLE_TEXTS] + [*catalogue.notices]
        texts += [meaning for _, meaning in catalogue.examples]
        texts += [
            getattr(field, key) for field in catalogue.fields for key in ("label", "qualifier")
        ]
        texts += [field.missing for field in catalogue.facets if field.missing != NOT_STATED]
        for text in filter(None, texts):
            if shown.find_text_language(text):
                yield f"{language}: {text}"
        for field in catalogue.fields:
            for value in field.values:
                if shown.find_label_language(field.name, value):
                    yield f"{language}: {field.name}: {value}"


def test_an_imported_catalogue_has_standard_labels_in_each_language() -> None:
    imported = msgspec.structs.replace(OWN, fields=list_standard_fields(), translations={})
    for language in LANGUAGES:
        shown = translate(imported, language)
        left = [field.label for field in shown.fields if shown.find_text_language(field.label)]
        assert left == [] or language == "en"
    assert translate(imported, "fr").fields[0].label == "Titre"


def test_every_standard_type_has_a_name_in_each_language() -> None:
    imported = msgspec.structs.replace(OWN, fields=list_standard_fields(), translations={})
    standard = {name for names in group_by_csl_type().values() for name in names}
    for language in LANGUAGES:
        shown = translate(imported, language)
        names = standard | {read_type(code) for code in get_args(PublicationType)}
        left = [name for name in sorted(names) if shown.find_label_language("type", name)]
        assert left == [] or language == "en"
    assert translate(imported, "fr").get_label("type", "Journal article") == "Article de revue"


def test_only_types_of_publications_have_standard_names() -> None:
    shown = translate(
        msgspec.structs.replace(OWN, fields=list_standard_fields(), translations={}), "fr"
    )
    values = [("type", "Wall chart"), ("subjects", "Book"), ("container", "Map")]
    for field, value in values:
        assert (shown.get_label(field, value), shown.find_label_language(field, value)) == (
            value,
            "en",
        )


def test_a_translation_takes_precedence_over_a_standard_type() -> None:
    texts = CatalogueTexts(field={"type": FieldTexts(values={"Book": "Ouvrage"})})
    own = msgspec.structs.replace(OWN, fields=list_standard_fields(), translations={"fr": texts})
    assert translate(own, "fr").get_label("type", "Book") == "Ouvrage"
    assert translate(own, "fr").get_label("type", "Report") == "Rapport"
    german = msgspec.structs.replace(own, language="de")
    assert translate(german, "fr").get_label("type", "Report") == "Report"


def test_a_standard_explanation_is_translated() -> None:
    examples = (("law", "books with the word"), ('"a b"', "the words side by side"))
    shown = translate(msgspec.structs.replace(OWN, examples=examples), "fr")
    assert shown.examples == (examples[0], ('"a b"', "les mots côte à côte"))
    assert [shown.find_text_language(text) for _, text in shown.examples] == ["en", None]


def test_a_translation_takes_precedence_over_a_standard_label() -> None:
    texts = CatalogueTexts(field={"title": FieldTexts(label="Intitulé")})
    own = msgspec.structs.replace(OWN, fields=list_standard_fields(), translations={"fr": texts})
    assert translate(own, "fr").fields[0].label == "Intitulé"
    assert translate(own, "fr").fields[2].label == "Résumé"
    german = msgspec.structs.replace(own, language="de")
    assert translate(german, "fr").fields[2].label == "Abstract"


def test_the_field_of_a_translated_title_has_a_standard_label() -> None:
    fields = (*list_standard_fields(), *list_translation_fields(["ar"]))
    translated = translate(Catalogue("T", "", fields), "fr")
    assert translated.by_name["title_ar"].label == "Titre (arabe)"
    assert translated.by_name["summary_ar"].label == "Résumé (arabe)"
