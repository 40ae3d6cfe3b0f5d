"""Names of files are read in the syntax of every reference manager, without private folders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.cleaning import is_printable
from indexer.values.file_names import clean_path, find_file_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("report.pdf", "report.pdf"),
        ("files/12/report.pdf", "files/12/report.pdf"),
        ("a.pdf; b.pdf", "a.pdf b.pdf"),
        (":report.pdf:PDF", "report.pdf"),
        ("report.pdf:PDF", "report.pdf"),
        ("Full text:files/1/a.pdf:application/pdf;Page:files/2/b.html:text/html",
         "files/1/a.pdf files/2/b.html"),
        ("a.pdf:files/12/a.pdf:application/pdf", "files/12/a.pdf"),
        (r"a\;b.pdf", "a;b.pdf"),
        (r":C\:\\Users\\ada\\Zotero\\storage\\AB\\a.pdf:application/pdf", "AB/a.pdf"),
        (r"C:\Users\ada\a.pdf", "a.pdf"),
        (r":C$\backslash$:/Users/ada/Mendeley/a.pdf:pdf", "Mendeley/a.pdf"),
        (":Users/ada/Documents/a.pdf:pdf", "Documents/a.pdf"),
        ("/srv/scans/1987/a.pdf", "1987/a.pdf"),
        ("file:///C:/Users/ada/My%20texts/a.pdf", "My|texts/a.pdf"),
        ("internal-pdf://123456/a.pdf", "123456/a.pdf"),
        ("storage:a.pdf", "a.pdf"),
        ("../../secret/a.pdf", "secret/a.pdf"),
        ("https://example.org/a.pdf", ""),
        ("see page 3", ""),
        # A name with a semicolon or a colon is one name.
        (r"Text:files/1/Piracy\; at sea.pdf:application/pdf", "files/1/Piracy;|at|sea.pdf"),
        (r":files/1/Piracy\: a study.pdf:PDF", "files/1/Piracy:|a|study.pdf"),
        ("..", ""),
        (".pdf", ""),
    ],
)  # fmt: skip
def test_names_are_read(text: str, names: str) -> None:
    assert [name.replace(" ", "|") for name in find_file_names(text)] == names.split()


PIECES = st.sampled_from([*"/\\:;.~$ ", "..", "C:", "file://", "a.pdf", "home", "Users", "\n", "é"])


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_names_stay_inside_a_folder(text: str) -> None:
    """No text gives an absolute path, a drive, or a path with `..`. Names are stable."""
    for name in find_file_names(text):
        parts = name.split("/")
        assert not {"", ".", ".."}.intersection(parts)
        assert is_printable(name)
        assert clean_path(name) == name
        assert "\\" not in name
