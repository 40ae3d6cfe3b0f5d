"""Real PDFs for tests, made by fpdf2."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from fpdf import FPDF
from PIL import Image

from indexer.catalogue.limits import LIMITS, Limits
from indexer.fulltext.pdf import extract_pdf
from indexer.fulltext.text import FullText

_FONTS = Path("/usr/share/fonts/truetype")
DEJAVU = _FONTS / "dejavu/DejaVuSans.ttf"
CHINESE = _FONTS / "wqy/wqy-microhei.ttc"


def new_pdf(font: Path | None = None, size: float = 12) -> FPDF:
    """Return a PDF without pages. Skip the test if this machine lacks the font."""
    pdf = FPDF()
    if font and not font.exists():
        pytest.skip(f"the font {font} is not installed")
    if font:
        pdf.add_font("font", fname=font)
    pdf.set_font("font" if font else "helvetica", size=size)
    return pdf


def make_pdf(pages: Sequence[str], font: Path | None = None) -> bytes:
    """Return a PDF with these pages. Their lines stay as they are."""
    pdf = new_pdf(font)
    for page in pages:
        pdf.add_page()
        for line in page.splitlines():
            pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def add_scan(pdf: FPDF) -> None:
    """Add a page that shows only an image."""
    image = BytesIO()
    Image.new("L", (60, 80), 200).save(image, "PNG")
    pdf.add_page()
    pdf.image(image, w=100)


def extract(data: bytes, limits: Limits = LIMITS) -> FullText:
    """Return the text of a PDF."""
    with TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return extract_pdf(file, limits)
