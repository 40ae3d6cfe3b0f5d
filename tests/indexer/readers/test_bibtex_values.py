"""Values of BibTeX become plain text: LaTeX, lists of names, keywords, and URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.readers.formats import bibtex
from indexer.readers.formats.bibtex.latex import decode_latex
from tests.indexer.readers.streams import map_rows, read_columns


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("Moss, Ada AND Bo Lind", ["Moss, Ada", "Bo Lind"]),
        ("{United Nations and Friends} and Moss, A.", ["{United Nations and Friends}", "Moss, A."]),
        ("{{WHO}}", ["{WHO}"]),
        ("{Barnes and Noble} Inc.", ["Barnes and Noble Inc."]),
        ('{\\"O}zt{\\"u}rk, {\\c{C}}a\\u{g}lar', ["Öztürk, Çağlar"]),
        ("{Moss-Lind}, Ada", ["Moss-Lind, Ada"]),
        ("Ada {Moss Lind}", ["Moss Lind, Ada"]),
        ("Moss, Ada and others", ["Moss, Ada"]),
        ("family=Ruiz, given=Ana, prefix=de la and X, Y", ["de la Ruiz, Ana", "X, Y"]),
        ("and Moss, Ada and", ["Moss, Ada"]),
    ],
)  # fmt: skip
def test_names_are_split_outside_of_braces(names: str, expected: list[str]) -> None:
    """Each name is a value. A name in braces is that of a corporate body, and keeps them."""
    [columns] = read_columns(bibtex, f"@misc{{a, author = {{{names}}}}}")
    assert [value for name, value in columns if name == "author"] == expected


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ("a, b c", ["a", "b c"]),
        ("a, b; c", ["a, b", "c"]),
        ("{a, b}, c", ["a, b", "c"]),
        ("{a, b}", ["a", "b"]),
        ("{{a; b}}, c", ["a; b", "c"]),
    ],
)  # fmt: skip
def test_keywords_are_split(keywords: str, expected: list[str]) -> None:
    """Semicolons or commas outside of braces separate keywords."""
    [columns] = read_columns(bibtex, f"@misc{{a, keywords = {{{keywords}}}}}")
    assert [value for name, value in columns if name == "keywords"] == expected


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        ("plain", "plain"),
        (r"{\"u}ber \"Uber", "über Über"),
        (r"\'{\i} \'\i{} {\'e}t\'e \c{c} \v Sk \^{\i}le \~n \H{o} \k{a}", "í í été ç Šk île ñ ő ą"),
        (r"\ss{} {\ae} \O re \L{}ód\'z \aa", "ß æ Øre Łódź å"),
        (r"The {{DNA}} of {\LaTeX} \emph{and} \textsc{more}", "The DNA of LaTeX and more"),
        (r"50\% \& \$5 \# \_x \{y\}", "50% & $5 # _x {y}"),
        (r"Fe$_2$O$_3$ and $x^{2}$, $\alpha$-ray, 50$^\circ$C", "Fe₂O₃ and x², α-ray, 50°C"),
        (r"H\textsubscript{2}O 10\textsuperscript{3}", "H₂O 10³"),
        ("from $5 to $6 a day", "from $5 to $6 a day"),
        ("pages 3--7 --- ``quoted''~text", "pages 3–7 — “quoted” text"),
        (r"\url{https://x.org/~a_b--c} \href{https://x.org}{here}", "https://x.org/~a_b--c here"),
        (r"$<$i$>$Salmo$<$/i$>$ \textless{}b\textgreater{}", "<i>Salmo</i> <b>"),
        (r"\unknown{kept} \textendash\ and \dots", "kept – and …"),
        (r"{\noopsort{b}}1973 \enquote{quoted} \textcommabelow{s} \'{ω}", "1973 “quoted” ș ώ"),
        ("\\", "\\"),
        ("{\\", "\\"),
    ],
)  # fmt: skip
def test_latex_becomes_text(latex: str, plain: str) -> None:
    """Accents, symbols, formulas and commands become text. Arguments of unknown commands stay."""
    assert decode_latex(latex) == plain


def test_urls_are_not_latex() -> None:
    """A URL keeps its tildes, underscores, and hyphens. Its LaTeX escapes are removed."""
    [columns] = read_columns(
        bibtex, r"@misc{a, url = {http://x.org/~b{\_}c\_d--e\%20}, doi={10.1/a\_b}}"
    )
    assert columns[2:] == [("url", "http://x.org/~b_c_d--e%20"), ("doi", "10.1/a_b")]


def test_paragraphs_of_an_abstract_are_kept() -> None:
    """A blank line in an abstract separates paragraphs. Other newlines become spaces."""
    [columns] = read_columns(
        bibtex, "@misc{a, abstract = {One\n  two.\n\n  Three.},\n title={A\n  b}}"
    )
    assert columns[2:] == [("abstract", "One two.\n\nThree."), ("title", "A b")]


def test_languages_of_babel_are_recognized() -> None:
    """A language is recognized by its name in the package babel."""
    for name, code in (("ngerman", "de"), ("american", "en"), ("langfrench", "fr"), ("es", "es")):
        assert map_rows(bibtex, f"@misc{{a, title={{A}}, langid = {{{name}}}}}")["language"] == [
            code
        ]


@given(st.text(st.sampled_from("\\{}$^_\"'`~-%a1 cu\n"), max_size=40))
def test_any_latex_becomes_text(latex: str) -> None:
    """Any combination of special characters is decoded."""
    assert isinstance(decode_latex(latex), str)
