"""The language of a text is detected if the field of the title asks for it."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import language_detection
from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Property, SourceLocation, SourceRecord
from indexer.ingest import validation
from indexer.values import iso_codes

TEXTS = {
    "Manual sobre la investigación del delito de trata de personas": "es",
    "Manuel à l'intention des praticiens de la justice pénale": "fr",
    "Toolkit to Combat Trafficking in Persons: how victims are identified": "en",
    "الاتجار بالأشخاص وتهريب المهاجرين": "ar",
    "打击人口贩运": "zh",
    "人身売買の被害者の支援": "ja",
    "인신매매 피해자": "ko",
}
SPANISH = next(iter(TEXTS))


@pytest.mark.parametrize(("text", "language"), TEXTS.items())
@pytest.mark.slow
def test_the_language_of_a_text_is_detected(text: str, language: str) -> None:
    assert language_detection.detect_language(text) == language


@pytest.mark.parametrize(("text", "language"), [
    ("الاتجار بالأشخاص (UNODC)", "ar"), ("قاچاق انسان و پناهندگان", None), ("打击人口贩运", "zh"),
    ("Торговля людьми", "ru"), ("Протидія торгівлі людьми", None), ("人身売買の被害者", "ja"),
    ("인신매매 피해자", "ko"), ("Trata de personas", None), ("2008", None), ("é", None),
])  # fmt: skip
def test_a_script_identifies_a_language(text: str, language: str | None) -> None:
    assert language_detection.find_script_language(text) == language


@pytest.mark.parametrize("text", ["", "2008", "C++", "SDGs", "Trata"])
def test_a_short_text_has_no_detected_language(text: str) -> None:
    """A text that is too short has no detected language."""
    assert language_detection.detect_language(text) is None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_has_a_known_language_or_none(text: str) -> None:
    assert language_detection.detect_language(text) in (None, *language_detection.CHOICES)
    assert all(iso_codes.find_language_code(each) == each for each in language_detection.CHOICES)


def _detecting(catalogue: Catalogue) -> Catalogue:
    fields = [
        msgspec.structs.replace(field, detects=field.role == "title") for field in catalogue.fields
    ]
    return msgspec.structs.replace(catalogue, fields=tuple(fields))


@pytest.mark.parametrize(
    ("detects", "title", "stated", "lang"),
    [
        (True, SPANISH, None, "es"),
        (False, SPANISH, None, None),
        (True, SPANISH, "fr", "fr"),
        (True, "Toolkit to Combat Trafficking in Persons: a guide for victims", None, None),
    ],
)
def test_the_language_of_a_title_is_detected_on_request(
    catalogue: Catalogue, *, detects: bool, title: str, stated: str | None, lang: str | None
) -> None:
    """The language of a title is detected only if the field asks for it and none is stated."""
    asking = _detecting(catalogue) if detects else catalogue
    found = SourceRecord(SourceLocation("a.html", 1), (Property("title", title, title, stated),))
    made = validation.validate(found, asking, lambda _: None)
    assert made is not None
    assert made.lang == lang


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = 'title = "T"\ndescription = "D"\n'
    field = '[[field]]\nname = "title"\nlabel = "T"\nrole = "title"\nweight = 1.0\ndetects = true'
    (tmp_path / "catalogue.toml").write_text(f"{head}{field}\n")
    assert catalogue_toml.load(tmp_path).fields[0].detects
    monkeypatch.setattr(language_detection, "PACKAGE", "not_installed")
    with pytest.raises(CatalogueError, match=r"make environment-detection"):
        catalogue_toml.load(tmp_path)
