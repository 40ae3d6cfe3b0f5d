"""The text catalogue: the real one, irregular lines, and any text."""

import re
from collections.abc import Callable
from io import BytesIO
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import printed_catalogue
from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers import registry
from printed_catalogue import read_text
from tests.conftest import ROOT
from tests.cpu_time import limit_cpu_time
from tests.memory import limit_memory
from tests.tiers import examples

SHARED = ROOT.parent / "shared"
REAL = SHARED / "data" / "catalogue-2019.txt"

real_only = pytest.mark.skipif(not REAL.exists(), reason=f"the real catalogue {REAL} is not here")


def entries_of(text: str) -> list[SourceRecord]:
    """Return the entries of a catalogue, without its problems."""
    return [each for each in read_text(text, "a.txt") if isinstance(each, SourceRecord)]


def problems_of(text: str) -> list[Problem]:
    """Return the problems of a catalogue, without its entries."""
    return [each for each in read_text(text, "a.txt") if isinstance(each, Problem)]


def values(entry: SourceRecord, name: str) -> list[str]:
    """Return the values of an entry under a name."""
    return [each.value for each in entry.properties if each.name == name]


def facts(entry: SourceRecord, *names: str) -> dict[str, list[str]]:
    """Return the values of an entry under these names, or else under all but its place."""
    found: dict[str, list[str]] = {}
    for each in entry.properties:
        if each.name in names or not (names or each.name in {"section", "position"}):
            found.setdefault(each.name, []).append(each.value)
    return found


def catalogue(*lines: str, section: str = "Tools") -> str:
    """Return a catalogue of one section with these lines, separated by blank lines."""
    return "\n\n".join(("INSIDE", f"{section}\t2", section, *lines))


def entry_of(*lines: str) -> SourceRecord:
    """Return the only entry of a catalogue without problems."""
    (found,) = read_text(catalogue(*lines), "a.txt")
    assert isinstance(found, SourceRecord)
    return found


@pytest.fixture(scope="module")
def real_text() -> str:
    """Return the real catalogue."""
    return REAL.read_text("utf-8")


@real_only
@pytest.mark.slow
def test_two_lines_of_the_real_catalogue_are_problems(real_text: str) -> None:
    """Only the URL below Multimedia and the words above the staff videos are problems."""
    left = [(problem.line, problem.what.partition(":")[0]) for problem in problems_of(real_text)]
    assert left == [
        (1000, "this belongs to no entry"),
        (1045, "this paragraph belongs to no single entry"),
    ]


@real_only
@pytest.mark.slow
def test_no_word_of_the_real_catalogue_is_lost(real_text: str) -> None:
    """Each word of a line is in the entries near it, except for labels of links."""
    items = list(read_text(real_text, "a.txt"))
    forms = set("Download Executive Summary more information Text file Duration here".split())
    lost = []
    for number, line in enumerate(real_text.split("\n")[: _line(items[-1]) + 4], start=1):
        near = [item for item in items if _line(item) <= number][-1:]
        near += [item for item in items if _line(item) > number][:2]
        said = " ".join(_all_text(item) for item in near)
        words = set(re.findall(r"[^\W\d_]+", re.sub(r"\(#\)|\[download.*", "", line)))
        if words - forms - set(re.findall(r"[^\W\d_]+", said)) and number > 28:
            lost.append(number)
    # Three lines introduce regions, two name a form, one is an e-mail contact, and two lines
    # are problems.
    assert lost == [182, 236, 296, 453, 1000, 1002, 1045, 1103]


def _line(item: SourceRecord | Problem) -> int:
    return item.source.line if isinstance(item, SourceRecord) else item.line


def _all_text(item: SourceRecord | Problem) -> str:
    if isinstance(item, Problem):
        return item.what
    return " ".join(f"{each.value} {each.text}" for each in item.properties)


@real_only
def test_page_breaks_of_the_real_catalogue_are_joined(real_text: str) -> None:
    """Each paragraph starts as a sentence does and, except for one, ends as one."""
    paragraphs = [text for entry in entries_of(real_text) for text in values(entry, "summary")]
    assert not [text for text in paragraphs if text[0].islower() or "](" in text or "@" in text]
    assert [text[:9] for text in paragraphs if text[-1] not in ".:\"'"] == ["A 60 seco"]


VIETNAM = "Assessment of the Legal System in Vietnam and its Neighbours"
GUIDE = "A Practical Guide to Investigating Trafficking Cases Across Borders"


@pytest.mark.parametrize(
    ("lines", "title", "publisher", "others"),
    [
        # The publisher is on the title's line, below it, above it, or repeated.
        ("Case Digest UNODC, 2012", "Case Digest", "UNODC", {}),
        ("Case Digest, UNODC, 2012", "Case Digest", "UNODC", {}),
        ("Case Digest\nUNODC, 2012", "Case Digest", "UNODC", {}),
        ("Case Digest\n\n\n\nUNODC, 2012", "Case Digest", "UNODC", {}),
        ("Case Digest, UNODC, 2012 UNODC, 2012", "Case Digest", "UNODC", {}),
        ("Case Digest, UNODC, 2012\n\nUNODC, 2012", "Case Digest", "UNODC", {}),
        ("UNODC, 2012\n\nCase Digest", "Case Digest", "UNODC", {}),
        ("Case Digest.\n\nUNODC, 2012", "Case Digest", "UNODC", {}),
        # On the title's line, it starts at the last acronym that joins no other.
        ("UNODC Model Law UNODC, 2012", "UNODC Model Law", "UNODC", {}),
        ("SOPs (SOP) in India (India) UNODC Regional Office South Asia, 2012",
         "SOPs (SOP) in India (India)", "UNODC Regional Office South Asia", {}),
        ("Migrants UNODC with inputs from UNICEF, 2012",
         "Migrants", "UNODC with inputs from UNICEF", {}),
        ("Guía UNODC in collaboration with ILANUD, 2012",
         "Guía", "UNODC in collaboration with ILANUD", {}),
        ("A Survey UNODC & SADC, 2012", "A Survey", "UNODC & SADC", {}),
        ("A Survey UN.GIFT | UNODC, 2012", "A Survey", "UN.GIFT | UNODC", {}),
        ("A Survey UNODC, IOM, 2012", "A Survey", "UNODC, IOM", {}),
        # Without an acronym, it is below the title, also after a full stop.
        ("Gender\n\nMigration Group, 2012", "Gender", "Migration Group", {}),
        ("A Crime?\n\nMigration Group, 2012", "A Crime?", "Migration Group", {}),
        ("Laws. A Survey.\n\nMigration Group, 2012", "Laws. A Survey", "Migration Group", {}),
        # A country in its place is the place, unless it is part of the title.
        ("Care in Shelter Homes India, 2012", "Care in Shelter Homes", "", {"place": "India"}),
        ("Shelter Homes in India, 2012", "Shelter Homes in India, 2012", "", {"year": ""}),
        # A printed month makes a date in addition to the year.
        ("Case Digest\n\nUNODC, May 2012", "Case Digest", "UNODC", {"date": "May 2012"}),
        # Countries and years in brackets stay in the title. Responsibility becomes a note.
        ("Guide (Republic of Moldova)\n\nUNODC, 2012", "Guide (Republic of Moldova)", "UNODC", {}),
        ("Menu of Services (2012)", "Menu of Services (2012)", "", {}),
        ("Manual (Moldova) (joint work of UNODC and (NIJ)). UNODC, 2012",
         "Manual (Moldova)", "UNODC", {"note": "joint work of UNODC and (NIJ)"}),
        # A title that is split by the page width or by a page break is joined.
        (f"{VIETNAM.replace(' Nei', chr(10) + 'Nei')} UNODC, 2012", VIETNAM, "UNODC", {}),
        (f"{VIETNAM.replace(' Nei', 2 * chr(10) + 'Nei')}\n\nUNODC, 2012", VIETNAM, "UNODC", {}),
        (f"{GUIDE.replace(' Cases', chr(10) + 'Cases')}\nUNODC, 2012", GUIDE, "UNODC", {}),
        # Series, number and date of an issue are on a line of their own.
        ("Trafficking\n\nUNODC, 2012\n\nICAT Brief 06, 07/2012", "Trafficking", "UNODC",
         {"series": "ICAT Brief", "number": "06", "date": "07/2012"}),
    ],
)  # fmt: skip
def test_the_parts_of_an_entry_are_told_apart_by_their_form(
    lines: str, title: str, publisher: str, others: dict[str, str]
) -> None:
    """An entry has its title, publisher or place, year, and date, wherever they are printed."""
    expected = {"title": title, "publisher": publisher, "year": "2012", **others}
    expected |= {"language": "en", "access": "download"}
    found = facts(entry_of(lines, "Download: [English](#)"))
    assert found == {name: [value] for name, value in expected.items() if value}


def test_an_entry_has_the_line_of_its_title() -> None:
    """The line of an entry is that of its title, even if the publisher is above it."""
    entry = entry_of("UN.GIFT | UNODC, February 2008", "An Introduction", "Download: [English](#)")
    assert (entry.source.file, entry.source.line, entry.id) == ("a.txt", 9, None)
    assert values(entry, "publisher") == ["UN.GIFT | UNODC"]


def test_paragraphs_are_joined_and_markup_is_removed() -> None:
    """Split paragraphs are joined, links become text, and sentences with an e-mail are removed."""
    entry = entry_of(
        "Case Digest UNODC, 2012",
        "Download: [English](#)",
        "It was funded by the Government, and",
        "the European Union. More details [here](#).",
        "This paper was written by the Group against Trafficking in",
        "Persons. It shows much.",
        "Disseminated by the Office. For more information, contact: e.b@example.org",
    )
    assert values(entry, "summary") == [
        "It was funded by the Government, and the European Union. More details here.",
        "This paper was written by the Group against Trafficking in Persons. It shows much.",
        "Disseminated by the Office.",
    ]


def test_a_summary_can_lack_a_full_stop_or_precede_the_links() -> None:
    """A text with few capitals, or one between title and links, is a summary."""
    first, second = entries_of(
        catalogue(
            "Ways and Means",
            "Download: [English](#)",
            "A 60 seconds video clip to raise awareness on the issue of Smuggling of Migrants",
            "Affected for Life",
            "UNODC, 2009",
            "The film was produced for training and is shown to all.",
            "Download: [French](#)",
        )
    )
    assert len(values(first, "summary")) == 1
    assert facts(second, "title", "summary", "language") == {
        "title": ["Affected for Life"],
        "summary": ["The film was produced for training and is shown to all."],
        "language": ["fr"],
    }


def test_languages_are_distinguished_from_other_links() -> None:
    """Each language is read once, summary languages are marked, and other links are parts."""
    entry = entry_of(
        "Global Report UNODC, 2012",
        "Content: [English](#) [French](#)",
        "Text file: [English](#) | [French](#)",
        "Executive Summary and more information:",
        "[Chinese](#) | [English](#)",
        "The following individual country profiles can be downloaded:",
        "[Africa and Middle East](#) | [Americas](#)",
    )
    assert facts(entry, "language", "summary_language", "part", "access", "link") == {
        "language": ["en", "fr", "zh"],
        "summary_language": ["zh"],
        "part": ["Africa and Middle East", "Americas"],
        "access": ["download"],
    }
    names = [each.text for each in entry.properties if each.name == "language"]
    assert names == ["English", "French", "Chinese"]


@pytest.mark.parametrize(
    ("lines", "access", "links"),
    [
        (("Visit [here](#)",), ["visit"], []),
        (("Watch [here](#)",), ["watch"], []),
        (("Request: www.example.org/a.html",),
         ["request"], [("http://www.example.org/a.html", "Request")]),
        (("Access to the tool:", "<https://example.org/b>"),
         ["visit"], [("https://example.org/b", "Access to the tool")]),
        (("Download: [English](https://example.org/c)",),
         ["download"], [("https://example.org/c", "Download")]),
        (("<https://example.org/d>",), ["visit"], [("https://example.org/d", "")]),
        (("[English](#)",), ["download"], []),
        (("It is there.",), [], []),
        (("It holds [cases](http://example.org/) of many states.",),
         [], [("http://example.org/", "cases")]),
    ],
)  # fmt: skip
def test_the_label_gives_the_kind_of_access(
    lines: tuple[str, ...], access: list[str], links: list[tuple[str, str]]
) -> None:
    """The label gives the kind of access, and a link needs a URL. It may be in the summary."""
    entry = entry_of("Life Support UNODC, 2011", *lines)
    assert values(entry, "access") == access
    found = [(each.value, each.text) for each in entry.properties if each.name == "link"]
    assert found == links


def test_a_single_line_can_be_an_entry() -> None:
    """A title followed by links is an entry, and so is one without links among them."""
    found = entries_of(
        catalogue(
            "Background Papers",
            "Corruption and Trafficking: The Grease: [English](#)",
            "The Role of the Media in Building Images",
            "Technology and Trafficking: [English](#) | [French](#)",
        )
    )
    assert [values(entry, "title") for entry in found] == [
        ["Corruption and Trafficking: The Grease"],
        ["The Role of the Media in Building Images"],
        ["Technology and Trafficking"],
    ]
    assert [values(entry, "series") for entry in found] == [["Background Papers"]] * 3
    assert [values(entry, "language") for entry in found] == [["en"], [], ["en", "fr"]]


def test_a_title_with_only_a_summary_is_an_entry() -> None:
    """A title with only a summary below it is an entry, also below a heading or a region."""
    found = entries_of(
        catalogue(
            "Teaching Materials",
            "University Modules on Trafficking",
            "They were produced with inputs from many academics.",
            "Tools developed for specific regions and countries",
            "Europe and West/ Central Asia",
            "Guide for Prosecutors (Republic of Moldova)",
            "It is disseminated by the Office.",
            "Middle East",
            "Toolkit for Journalists",
            "Download: [Arabic](#)",
        )
    )
    assert [facts(entry, "title", "series", "heading", "region") for entry in found] == [
        {"title": ["University Modules on Trafficking"], "series": ["Teaching Materials"]},
        {"title": ["Guide for Prosecutors (Republic of Moldova)"],
         "heading": ["Europe and West/ Central Asia"], "region": ["Europe and West/Central Asia"]},
        {"title": ["Toolkit for Journalists"],
         "heading": ["Middle East"], "region": ["Middle East"]},
    ]  # fmt: skip


def test_regions_end_at_the_next_section() -> None:
    """A sub-heading of the next section is a series and has no region."""
    found = entries_of(
        "Tools\t2\nReports & Papers\t3\nTools\n"
        "Tools for specific regions\nAfrica\nGuide UNODC, 2009\nDownload: [English](#)\n"
        "Reports and papers\nVienna Papers\nReport UNODC, 2010\nDownload: [English](#)\n"
    )
    assert [facts(entry, "section", "region", "series", "position") for entry in found] == [
        {"section": ["Tools"], "region": ["Africa"], "position": ["1/1"]},
        {"section": ["Reports and papers"], "series": ["Vienna Papers"],
         "position": ["1/1"]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "year", "duration"),
    [
        ("2002 - Duration: 0:30 and 0:60 [download](#)", ["2002"], ["0:30 and 0:60"]),
        ("2001 - Duration: 0:30 & 0:60 [download](#)", ["2001"], ["0:30 & 0:60"]),
        ("2009 – Duration: 07:30 [download](#)", ["2009"], ["07:30"]),
        ("Duration - 09:30: [download](#)", [], ["09:30"]),
        ("2008 - Duration: 3:40\n\n[download \\(30 second version\\)](#) | [download](#)",
         ["2008"], ["3:40"]),
        ("Watch [here](#)", [], []),
    ],
)  # fmt: skip
def test_a_line_with_links_can_have_year_and_duration(
    line: str, year: list[str], duration: list[str]
) -> None:
    """A line with links can have a year and a duration. These links are not languages or parts."""
    entry = entry_of("Video", "Better Future", line)
    assert (values(entry, "year"), values(entry, "duration")) == (year, duration)
    assert facts(entry, "language", "part", "summary") == {}
    assert len(values(entry, "access")) == 1


def test_a_publisher_above_a_group_applies_to_its_entries() -> None:
    """Publisher and year above a group apply to its one-line entries, and not to the next entry."""
    text = catalogue(
        "Video",
        "UNODC staff",
        "In these videos, various staff outline the work.",
        "UNODC, 2009",
        "Ms. Ann Other introduces the work. [download](#)",
        "Mr. Alun Jones discusses research. [download](#)",
        "Launch of the Training Manual",
        "Duration - 09:30: [download](#)",
        "Audio",
        "Elena's Story",
        "2008 - Duration: 3:40 [download](#)",
    )
    names = ("title", "series", "format", "publisher", "year")
    video = {"series": ["UNODC staff"], "format": ["video"]}
    group = {**video, "publisher": ["UNODC"], "year": ["2009"]}
    assert [facts(entry, *names) for entry in entries_of(text)] == [
        {"title": ["Ms. Ann Other introduces the work"], **group},
        {"title": ["Mr. Alun Jones discusses research"], **group},
        {"title": ["Launch of the Training Manual"], **video},
        {"title": ["Elena's Story"], "format": ["audio"], "year": ["2008"]},
    ]
    (problem,) = problems_of(text)
    assert "no single entry: 'In these videos" in problem.what


def test_front_and_back_matter_are_not_entries() -> None:
    """The title page, contents, and closing contacts are neither entries nor problems."""
    text = "\n\n".join(
        (
            "UNODC", "CATALOGUE OF MATERIALS", "www.example.org", "Contents", "Tools\t2",
            "May 2019", "Tools", "Case Digest UNODC, 2012", "Download: [English](#)",
            "UNODC wrote it for judges.",
            "UNODC assists Member States to implement the Protocols.",
            "If you have comments on our publications, please contact",
            "UNODC Human Trafficking Section", "section@example.org", "www.example.org",
            "PO Box 500", "A-1400 Vienna",
        )
    )  # fmt: skip
    (entry,) = read_text(text, "a.txt")
    assert isinstance(entry, SourceRecord)
    assert values(entry, "summary") == ["UNODC wrote it for judges."]


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        (("Download: [English](#)",), 7, "this belongs to no entry: 'Download"),
        (("It is about many things.",), 7, "this paragraph belongs to no single entry"),
        (("UNODC, 2012", "Video"), 7, "this publisher and year belong to no entry"),
        (("ICAT Brief 06, 07/2018",), 7, "this belongs to no entry"),
        (("Digest UNODC, 2012", "Download:", "A paper."), 9, "this label has no link after it"),
        (("- : [English](#)",), 7, "this entry has no title"),
        (("- (prepared by UNODC): [English](#)",), 7, "this entry has no title"),
        (("Some Papers", "Other Papers", "Digest UNODC, 2012"), 7, "no entry follows this heading"),
        (("Digest UNODC, 2012", "2010 - Duration: 0:30"), 9, "the entry already has this fact"),
    ],
)
def test_lines_without_an_entry_are_reported(lines: tuple[str, ...], line: int, what: str) -> None:
    """A line that belongs to no entry is a problem with file, line and hint."""
    (problem,) = problems_of(catalogue(*lines))
    assert (problem.file, problem.line) == ("a.txt", line)
    assert problem.what.startswith(what)
    assert problem.hint


def test_an_entry_before_the_first_section_is_reported() -> None:
    """An entry above all section headings is a problem, and not a title page."""
    text = "Tools\t2\nDigest UNODC, 2012\nDownload: [English](#)\nTools\nGuide UNODC, 2013\n"
    assert [problem.line for problem in problems_of(text)] == [2, 3]


def test_a_section_without_heading_is_reported() -> None:
    """A section of the contents page without a heading is a problem on the line of that page."""
    (problem,) = problems_of("Tools\t2\nReports\t3\nTools\nGuide UNODC, 2013\n")
    assert (problem.line, problem.what[:19]) == (2, "no heading follows ")


@pytest.mark.parametrize("text", ["", "\n \n", "Tools", "Tools\t2", "<html>\n<p>Hello</p>", "\0"])
def test_a_text_without_sections_is_one_problem(text: str) -> None:
    """A text without sections is one problem of the whole file, with a hint."""
    (problem,) = read_text(text, "a.txt")
    assert isinstance(problem, Problem)
    assert (problem.line, problem.what) == (0, "no section of a catalogue was found")
    assert "contents page" in problem.hint


PIECES = st.sampled_from(
    [
        "Tools", "Tools\t2", "Video", "Audio", "Papers for specific regions", "South Asia",
        "Case Digest", "Case Digest UNODC, 2012", "UNODC, 2012", "India, 2011", "Group, 2013",
        "Download:", "Download: [English](#)", "[English](#) | [Americas](#)", "Visit [here](#)",
        "<http://example.org/>", "Executive Summary: [French](#)", "ICAT Brief 06, 07/2018",
        "2002 - Duration: 0:30 and 0:60 [download](#)", "A Title: [English](#)", "It is about",
        "the work of many people.", "Please contact us", "a@example.org", "(", "|", "[](", ":",
        "", " ", "(by UNODC)", ", 2009", "- [English](#)",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=40), max_size=40).map("\n".join), st.booleans())
def test_any_text_gives_entries_or_problems(text: str, has_section: bool) -> None:
    """Any text gives valid entries or problems."""
    check("Tools\t2\nTools\n" + text if has_section else text)


@real_only
@examples(25)
@given(random=st.randoms(use_true_random=False))
@pytest.mark.slow
def test_shuffled_lines_of_the_real_catalogue_are_read_in_order(
    real_text: str, random: Random
) -> None:
    """The shuffled lines of the real catalogue give entries and problems in line order."""
    lines = real_text.split("\n")
    random.shuffle(lines)
    check("Tools\t2\nTools\n" + "\n".join(lines))


def check(text: str) -> None:
    """Assert the invariants of all that is read."""
    found = list(read_text(text, "a.txt"))
    last = len(re.split(r"\r\n|\r|\n", text))
    assert [_line(item) for item in found] == sorted(_line(item) for item in found)
    assert found or text
    for item in found:
        if isinstance(item, Problem):
            assert 0 <= item.line <= last
            assert item.hint
        else:
            assert 1 <= item.source.line <= last
            assert all(each.value for each in item.properties)
            for name in ("title", "section", "position"):
                assert len(values(item, name)) == 1
            for name in ("year", "date", "publisher", "place", "region", "duration", "note"):
                assert len(values(item, name)) <= 1
            for name in ("language", "summary_language", "link", "access"):
                assert len(set(values(item, name))) == len(values(item, name))


@pytest.mark.parametrize(
    "piece",
    [
        "a ", "[a", "(", ")", "[](a", "A, UNODC, 2009 ", "[English](#)|", "x@y. ", "\t", " of\n",
        "Aa Bb,\n", "<http://a", "Aa\nUNODC, 2009\nDownload: [English](#)\n", "Please contact us\n",
    ],
)  # fmt: skip
@pytest.mark.slow
def test_long_texts_are_read_in_linear_time(piece: str) -> None:
    """A text of 100,000 characters is read in less than 5 s of CPU time."""
    text = "Tools\t2\nTools\nDigest UNODC, 2012\n" + piece * (100_000 // len(piece))
    with limit_cpu_time(5):
        list(read_text(text, "a.txt"))


_TEXT = "Tools\t3\nPapers\t9\n\nTools\n"
_LONG = "Long name " * 9_000
_LINK = "[English](http://example.org)"
HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "brackets": (lambda: f"{_TEXT}{'[a](' * 1_000_000}", "belongs to no single entry"),
    "links beyond number": (lambda: f"{_TEXT}T {f'{_LINK} ' * 100_000}", "no heading"),
    "labels under a long title": (
        lambda: f"{_TEXT}{'T' * 2_000_000} {_LINK}\n" + "Download:\n" * 50_000,
        "this label has no link after it",
    ),
    "a section that every entry repeats": (
        lambda: f"{_LONG}\t3\n\n{_LONG}\n" + f"T {_LINK}\n" * 100_000,
        "its entries repeat headings",
    ),
    "lines beyond number": (lambda: "x\n" * 1_000_000, "more than 200000 lines"),
    "years beyond number": (lambda: f"{_TEXT}{'Title, 2001' * 500_000}", "belongs to no"),
    "a contents page without end": (lambda: "a\t1\n" * 200_000, "no section"),
}  # fmt: skip
"""Texts that would take minutes or gigabytes, each with the words of a problem."""


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_reported_in_time(name: str) -> None:
    """Time, memory, and problems are limited."""
    make, what = HOSTILE[name]
    with limit_cpu_time(10), limit_memory(1000):
        items = list(registry.read(BytesIO(make().encode()), "a.txt", printed_catalogue, LIMITS))
    assert any(what in each.what for each in items if isinstance(each, Problem))
