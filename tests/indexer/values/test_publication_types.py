"""Codes of types become names, and names are kept."""

import pytest

from indexer.values.publication_types import group_by_csl_type, read_type


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("JOUR", "Journal article"), ("article-journal", "Journal article"),
        ("journal-article", "Journal article"), ("journalArticle", "Journal article"),
        ("Journal Article", "Journal article"), ("inproceedings", "Conference paper"),
        ("book_section", "Book section"), ("BOOK", "Book"), ("book", "Book"),
        ("policy_paper", "Policy paper"),
        ("info:eu-repo/semantics/article", "Article"), ("film", "Film"),
        ("https://schema.org/ScholarlyArticle", "Article"),
        ("Bilderbuch", "Bilderbuch"), ("UN document A/RES/1", "UN document A/RES/1"),
        ("отчёт", "отчёт"),
    ],
)  # fmt: skip
def test_a_code_of_a_type_becomes_its_name(text: str, name: str) -> None:
    assert read_type(text) == name


def test_every_type_of_ris_has_a_name() -> None:
    codes = (
        "ABST ADVS AGGR ANCIENT ART BILL BLOG BOOK CASE CHAP CHART CLSWK COMP CONF CPAPER CTLG DATA"
        " DBASE DICT EBOOK ECHAP EDBOOK EJOUR ELEC ENCYC EQUA FIGURE GEN GOVDOC GRANT GRNT HEAR"
        " ICOMM INPR JFULL JOUR LEGAL MANSCPT MAP MGZN MPCT MULTI MUSIC NEWS PAMP PAT PCOMM PODCAST"
        " PRESS RPRT SER SLIDE SOUND STAND STAT STD THES UNBILL UNPB VIDEO WEB"
    )
    assert [code for code in codes.split() if read_type(code) == code] == []


@pytest.mark.parametrize(("texts", "expected"), [
    ("Edited Book|Electronic Book|Book, Whole|edited-book|reference-book|HAL OUV|BC", "book"),
    ("Electronic Book Section|Book, Section|bookPart|book-track|HAL COUV", "chapter"),
    ("Electronic Article|Journal, Electronic|Erratum|HAL ART", "article-journal"),
    ("conferenceObject|Proceedings Paper|HAL COMM", "paper-conference"),
    ("doctoralThesis|Dissertation/Thesis|Thesis or Dissertation|HAL THESE|HAL MEM", "thesis"),
    ("Technical Report|HAL REPORT", "report"), ("Film or Broadcast|Video/ DVD", "motion_picture"),
    ("Unpublished Work", "manuscript"), ("Legal Rule or Regulation", "regulation"),
    ("Serial|journal-issue", "periodical"), ("reference-entry", "entry-encyclopedia"),
])  # fmt: skip
def test_programs_and_archives_name_types_in_their_own_way(texts: str, expected: str) -> None:
    types = {name: csl for csl, names in group_by_csl_type().items() for name in names}
    assert {text: types.get(read_type(text)) for text in texts.split("|")} == dict.fromkeys(
        texts.split("|"), expected
    )
