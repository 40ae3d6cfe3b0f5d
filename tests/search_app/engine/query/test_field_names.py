"""A query names a field by its label in any language, and a field's own name always wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, CatalogueTexts, Field, FieldTexts
from indexer.catalogue.translations import translate
from search_app.engine.query.rewriting import choose_names, index_names, replace_names

FIELDS = (
    Field("title", "Title", weight=2.0, names=("name",)),
    Field("venue", "Published in", weight=1.0),
    Field("note", "Remark", weight=1.0),
    Field("number", "Number", kind="text"),
    Field("year", "Year", kind="year", facet=1),
)
OWN = Catalogue(
    "Catalogue", "", FIELDS, translations={
        "fr": CatalogueTexts(field={
            "title": FieldTexts(label="Intitulé"), "note": FieldTexts(names=("avis",)),
            "year": FieldTexts(label="Année de publication"),
        }),
        "de": CatalogueTexts(field={
            "title": FieldTexts(label="Name"), "venue": FieldTexts(label="Note"),
            "note": FieldTexts(label="Über-Titel"), "number": FieldTexts(label="Nummer"),
        }),
        "it": CatalogueTexts(field={
            "title": FieldTexts(label="Voce"), "venue": FieldTexts(label="Voce"),
        }),
    },
)  # fmt: skip
NAMES, YEARS = index_names(OWN), "year"
WORDS = st.sampled_from(
    ["title", "venue", "note", "titre", "Note", "Tîtle", "名", "العنوان", "a b", "à : (b)", "-a"]
)
LABELS = st.fixed_dictionaries(
    {name: st.builds(FieldTexts, label=WORDS) for name in ("title", "venue", "note")}
)
CATALOGUES = st.dictionaries(
    st.sampled_from(["fr", "de", "ar"]), st.builds(CatalogueTexts, field=LABELS)
).map(lambda translations: Catalogue("T", "", FIELDS, translations=translations))


@pytest.mark.parametrize(
    ("typed", "resolved"),
    [
        ("intitulé:police", "title:police"), ("INTITULE:police", "title:police"),
        ("Titel:police título:police", "Titel:police title:police"),
        ("العنوان:شرطة", "title:شرطة"), ("题名：警察", "title:警察"), ("title：警察", "title:警察"),
        ("law -intitulé:police", "law -title:police"), ('intitulé:"a b"', 'title:"a b"'),
        ("(intitulé:(a OR b))", "(title:(a OR b))"), ("über-titel:x", "note:x"),
        ("avis:x", "note:x"), ('"année de publication":2017', "year:2017"),
        ('« Année\u00a0de  publication »：2010..', "year:2010.."), ('"titre":x', '"titre":x'),
        ('law -"annee de publication":2017', "law -year:2017"), ('"intitulé":"a b"', 'title:"a b"'),
        ('("année de publication":(2010 OR 2012))', "(year:(2010 OR 2012))"),
        ("année>=2017 intitulé:x", "année>=2017 title:x"), ("年份 <2017", "year <2017"),
        ('"année de publication" >= 2017', "year >= 2017"), ("السنة=٢٠١٧", "year=٢٠١٧"),
    ],
)  # fmt: skip
def test_a_label_in_any_language_names_its_field(typed: str, resolved: str) -> None:
    assert replace_names(typed, NAMES, YEARS) == resolved


@pytest.mark.parametrize(
    "typed",
    [
        "intitulé police", "intitulé: police", '"intitulé:police"', "«intitulé:police»",
        "http://intitulé:80", "intitulé://police", "x-intitulé:police", "intitulé:", "(intitulé:)",
        "--intitulé:police", "police:intitulé:x", "voce:police", "nummer:3", "colour:red", ":x",
        '"année de publication": 2017', '"une année de publication":2017', '"a":année de', '"":x',
        'x"intitulé":police', '"intitulé"://x', "intitulé>=2017", '"année de publication">x',
    ],
)  # fmt: skip
def test_other_texts_stay_as_typed(typed: str) -> None:
    assert replace_names(typed, NAMES, YEARS) == typed


def test_names_in_the_own_language_win() -> None:
    assert replace_names("note:x name:x", NAMES) == "note:x title:x"


@given(CATALOGUES, st.sampled_from(["{}:x", "-{}:x", '({}:"x y")', "x {}:x", "{}:(x OR y)"]))
def test_no_label_changes_a_query_with_the_name_of_a_field(
    catalogue: Catalogue, query: str
) -> None:
    names = index_names(catalogue)
    for field in FIELDS:
        text = query.format(field.name)
        assert replace_names(text, names) == text


@given(CATALOGUES)
def test_a_label_of_several_fields_is_text(catalogue: Catalogue) -> None:
    """A label in another language names a field only if it is the label of no other field."""
    fields = {
        name
        for texts in catalogue.translations.values()
        for name, field_texts in texts.field.items()
        if "名" in (field_texts.label, *field_texts.names)
    }
    assert index_names(catalogue).get("名") == (fields.pop() if len(fields) == 1 else None)


@given(CATALOGUES, st.sampled_from(["en", "fr", "de", "ar"]))
def test_a_listed_name_names_its_field(catalogue: Catalogue, language: str) -> None:
    listed = choose_names(translate(catalogue, language)).values()
    names = index_names(catalogue)
    resolved = [replace_names(f"{name}:x", names) for name in listed]
    assert resolved == [f"{field.name}:x" for field in FIELDS if field.name != "number"]


def test_the_listed_names_are_labels_in_the_language_of_the_page() -> None:
    """A page lists names of a word, labels in quotation marks, and the field's own name else."""
    assert [*choose_names(translate(OWN, "fr")).values()] == [
        "intitulé", '"publié dans"', "avis", '"année de publication"',
    ]  # fmt: skip
    assert [*choose_names(translate(OWN, "it")).values()] == ["title", "venue", "remark", "year"]
    assert [*choose_names(OWN).values()] == ["title", "venue", "remark", "year"]
