"""The appearance of a catalogue: colors that can be read, and images that can be used."""

import re
from pathlib import Path

import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import (
    MAX_LOGO_BYTES,
    PAPERS,
    CatalogueError,
    compute_contrast,
)
from indexer.catalogue.fields import Catalogue
from tests.conftest import ROOT

STYLE = ROOT / "search_app" / "web" / "static" / "style.css"


def load_with(corpus: Path, *lines: str) -> Catalogue:
    file = corpus / "catalogue.toml"
    file.write_text("\n".join([*lines, file.read_text("utf-8")]), "utf-8")
    return catalogue_toml.load(corpus)


@pytest.mark.parametrize(
    ("color", "other", "ratio"),
    [("#000000", "#FFFFFF", 21), ("#777777", "#FFFFFF", 4.48), ("#1b5a78", "#1B5A78", 1)],
)
def test_contrast_is_that_of_wcag(color: str, other: str, ratio: float) -> None:
    assert compute_contrast(color, other) == pytest.approx(ratio, abs=0.005)
    assert compute_contrast(other, color) == pytest.approx(ratio, abs=0.005)


def test_contrast_is_checked_on_the_colors_of_the_pages() -> None:
    papers = re.findall(r"--paper: (#\w{6})", STYLE.read_text("utf-8"))
    assert papers[:2] == list(PAPERS.values())


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('accent = ["#1B5A78"]', "is not a pair of colors"),
        ('accent = ["red", "blue"]', "is not a pair of colors"),
        ('accent = ["#8FC7E0", "#8FC7E0"]', "#8FC7E0 has a contrast of 1.7 on light pages"),
        ('accent = ["#1B5A78", "#1B5A78"]', "#1B5A78 has a contrast of 2.3 on dark pages"),
        ('logo = "../logo.svg"', "is not the name of an image"),
        ('logo = "logo.gif"', "is not the name of an image"),
        ('logo = "none.svg"', "the logo cannot be read"),
    ],
)
def test_an_unusable_appearance_is_an_error(corpus: Path, line: str, fault: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(fault)):
        load_with(corpus, line)


def test_a_logo_has_a_limit(corpus: Path) -> None:
    (corpus / "logo.png").write_bytes(b"x" * (MAX_LOGO_BYTES + 1))
    with pytest.raises(CatalogueError, match="the logo is too large"):
        load_with(corpus, 'logo = "logo.png"')


def test_a_catalogue_has_its_logo(corpus: Path) -> None:
    (corpus / "logo.png").write_bytes(b"image")
    catalogue = load_with(corpus, 'logo = "logo.png"', 'accent = ["#1B5A78", "#8FC7E0"]')
    assert catalogue.logo_image == b"image"
    text = catalogue_toml.format_toml(catalogue)
    assert 'logo = "logo.png"' in text
    assert "logo_image" not in text
    (corpus / "catalogue.toml").write_text(text, "utf-8")
    assert catalogue_toml.load(corpus) == catalogue
