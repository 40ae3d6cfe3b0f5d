"""The reader of XML names columns, keeps good records of damaged files, and has limits."""

import io
from encodings.aliases import aliases

import msgspec
import pytest

from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import SourceRecord
from indexer.readers.base import Definition, Reader
from indexer.readers.xml_records.reader import XmlReader
from tests.indexer.readers.reading import columns, read_records
from tests.indexer.readers.xml.test_formats import SAMPLES

OPTIONS = {
    "records": ["rec"], "distinguish": {"a": ["type"], "id": ["kind"]},
    "groups": ["person"], "texts": ["text"], "skip": ["body"], "join": ["given"],
    "languages": ["lang"], "classify": {"id": ["doi", "isbn", "issn", "url"]},
    "roles": {"paths": {"person": ["role", "@as"]}, "names": {"": ["", "aut"], "editor": ["edt"]}},
}  # fmt: skip
PLAIN = XmlReader(Definition(name="plain", label="plain XML", xml=OPTIONS))


def get_record(inner: str, attributes: str = "", reader: Reader = PLAIN) -> SourceRecord:
    records, problems = read_records(f"<list><rec{attributes}>{inner}</rec></list>", reader)
    assert problems == []
    return records[0]


@pytest.mark.parametrize(("inner", "expected"), [
    ("<a>1</a><b><c>2</c></b>", {"a": ["1"], "b/c": ["2"]}),
    ("<a x='1' y=' '/><a/>", {"a@x": ["1"]}),
    ("<x:a xmlns:x='urn:x' x:y='1'>2</x:a>", {"a": ["2"], "a@y": ["1"]}),
    ("<a type='Main'>1</a><id kind='DOI'>2</id>", {"a[main]": ["1"], "id[doi]": ["2"]}),
    ("<a>of <i>Homo</i>\n  erectus</a>", {"a": ["of Homo erectus"]}),
    ("<a><i>Homo</i><sub>2</sub></a>", {"a": ["Homo2"]}),
    ("<a>Letters, <d>1950</d></a>", {"a": ["Letters, 1950"], "a/d": ["1950"]}),
    ("<text><p>One\ntwo</p><p>Three</p></text>", {"text": ["One two\n\nThree"]}),
    ("<a>One\n\n two  three</a>", {"a": ["One\n\ntwo three"]}),
    ("<a><![CDATA[<b>1 & 2</b>]]></a>", {"a": ["<b>1 & 2</b>"]}),
    ("<a>&eacute;&nbsp;&lt;&amp;&#233;&#150;</a>", {"a": ["é <&é–"]}),
    ("<a>1<!-- no --><?no?>2</a>", {"a": ["12"]}),
    ("stray <a>1</a>", {"rec": ["stray"], "a": ["1"]}),
    ("<rec><c>1</c></rec>", {"rec/c": ["1"]}),
    ("<id>10.5555/x</id><id>1234-5679</id>", {"id[doi]": ["10.5555/x"], "id[issn]": ["1234-5679"]}),
    ("<id>Marsh. Salt. doi:10.5555/x</id>", {"id[doi]": ["Marsh. Salt. doi:10.5555/x"]}),
    ("<person><role>EDT.</role></person>", {"person[editor]/role": ["EDT."]}),
    ("<person as='trl'/>", {"person[contributor]@as": ["trl"]}),
    ("<person><n>A</n></person>", {"person/n": ["A"]}),
])  # fmt: skip
def test_a_column_is_the_path_below_the_record(inner: str, expected: object) -> None:
    assert columns(get_record(inner)) == expected


def test_records_of_rdf_have_several_names() -> None:
    ns = 'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/terms/"'
    nodes = (f"<{kind}><d:title>Salt</d:title><d:date>2001</d:date></{kind}>" for kind in "abb")
    records, problems = read_records(f"<r:RDF {ns}>{''.join(nodes)}</r:RDF>", "dublin-core")
    assert len(records) == 3
    assert problems == []


def test_parts_of_a_person_share_a_group() -> None:
    person = "<person><given>Ada</given><given>B.</given><family>Marsh</family></person>"
    properties = get_record(f"<a>1</a>{person}{person}").properties
    assert [(each.value, each.group) for each in properties] == [
        ("1", 0), ("Ada B.", 1), ("Marsh", 1), ("Ada B.", 2), ("Marsh", 2),
    ]  # fmt: skip


def test_a_value_has_its_language() -> None:
    """A value inherits the language of the elements around it, even outside the record."""
    inner = "<a>1</a><b xml:lang='en'><c>2</c></b><d lang='de'>3</d>"
    text = f"<list xml:lang='fr'><rec>{inner}</rec></list>"
    properties = read_records(text, PLAIN)[0][0].properties
    assert [(each.name, each.language) for each in properties] == [
        ("@lang", None), ("a", "fr"), ("b/c", "en"), ("d", "de"),
    ]  # fmt: skip


def test_a_bulky_part_is_not_read() -> None:
    record = get_record(f"<body x='2'>y<p>{'x' * 3_000_000}</p></body><a>1</a>")
    assert columns(record) == {"body@x": ["2"], "a": ["1"]}


def test_a_record_has_its_line() -> None:
    """The line of a record is counted from 1, beyond 65,535 too."""
    record = "<rec><a>1</a></rec>"
    text = f"<?xml version='1.0'?>\n<list>\n{record}" + "\n" * 70_000 + f"{record}</list>"
    assert [each.source.line for each in read_records(text, PLAIN)[0]] == [3, 70_003]


@pytest.mark.parametrize("data", [
    "<list><rec><a>é</a></rec></list>".encode("utf-8-sig"),
    "<list><rec><a>é</a></rec></list>".encode("utf-16"),
    "<list><rec><a>é</a></rec></list>".encode("utf-16-be"),
    "<list><rec><a>é</a></rec></list>".encode("utf-32"),
    "<?xml version='1.0' encoding='ISO-8859-1'?><list><rec><a>é</a></rec></list>".encode("latin-1"),
    "<?xml version='1.0' encoding='UTF-16'?><list><rec><a>é</a></rec></list>".encode(),
    "<?xml version='1.0' encoding='none'?><list><rec><a>é</a></rec></list>".encode(),
    b" \n<?xml version='1.1' encoding='koi8-r'?><list><rec><a>&#233;</a></rec></list>",
])  # fmt: skip
def test_a_file_may_have_any_encoding(data: bytes) -> None:
    [record], problems = read_records(data, PLAIN)
    assert (columns(record), problems) == ({"a": ["é"]}, [])


@pytest.mark.parametrize("name", sorted({*aliases.values(), "idna", "punycode", "undefined"}))
def test_a_file_may_declare_any_encoding(name: str) -> None:
    """A declaration of any codec of Python, even one that can't be true, loses no record."""
    text = f"<?xml version='1.0' encoding='{name}'?><list><rec><a>1</a></rec></list>"
    assert [columns(record) for record in read_records(text, PLAIN).records] == [{"a": ["1"]}]


@pytest.mark.parametrize(("data", "value", "line"), [
    (b"<list>\n<rec><a>Caf\xe9</a></rec></list>", "Café", 2),
    ("<list>é\n<rec><a>Caf".encode() + b"\xe9</a></rec></list>", "Café", 2),
    ("<l><rec><a>é|x</a></rec></l>".encode("utf-16").replace(b"|\0", b"\0\xd8"), "éØx", 1),
])  # fmt: skip
def test_a_bad_byte_affects_one_character(data: bytes, value: str, line: int) -> None:
    [record], [problem] = read_records(data, PLAIN)
    assert columns(record) == {"a": [value]}
    assert problem.line == line


@pytest.mark.parametrize(("text", "titles", "what"), [
    ("<list><rec><a>1</a></rec><rec><a>2", ["1"], "ends in <rec>"),
    ("<list><rec><a>1", ["1"], "not well-formed"),
    ("<list><rec><a>1</a></rec>", ["1"], "not well-formed"),
    (
        "<list><rec><a>1</a></rec><rec><b><a>2</a></rec>\n<rec><a>3</a></rec></list>", ["1", "3"],
        "no end tag",
    ),
    ("<list><rec><a>1 < 2 & 3</a></rec><rec><a>3</a></rec></list>", ["1 < 2 & 3", "3"], "& or <"),
    ("<list><rec><a>&bomb;</a></rec></list>", ["&bomb;"], ""),
    ("<list><rec><a>1\0\1&#2;</a></rec></list>", ["1\ufffd\ufffd\ufffd"], ""),
    ("<list><rec/><rec><a>1</a></rec></list>", ["1"], "the record is empty"),
    ("<list><a>1</a></list>", [], "the file has no records"),
    ("no XML", [], "the file is not XML"),
    ("", [], "the file is empty"),
])  # fmt: skip
def test_good_records_of_a_damaged_file_are_kept(text: str, titles: list[str], what: str) -> None:
    records, problems = read_records(text, PLAIN)
    values = [" ".join(columns(record)["a"]) for record in records]
    assert values == titles
    assert [what in each.what for each in problems if each.hint][:1] == ([True] if what else [])


def test_an_entity_bomb_stays_text() -> None:
    bomb = '<!ENTITY a "aaaaaaaaaa"><!ENTITY x SYSTEM "file:///etc/passwd">' + "".join(
        f'<!ENTITY {name} "{f"&{former};" * 10}">'
        for former, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    text = f"<!DOCTYPE list [{bomb}]><list><rec><a>&i;&x;</a></rec></list>"
    [record], problems = read_records(text, PLAIN)
    assert (columns(record), problems) == ({"a": ["&i;&x;"]}, [])


@pytest.mark.parametrize(("bad", "limit"), [
    ("<c>" * 120 + "1" + "</c>" * 120, "deepest"),
    ("<b/>" * 31_000, "most_parts"),
    (f"<{'n' * 5000}>{'<c>1</c>' * 20_000}</{'n' * 5000}>", "largest_file"),
    (f"<b>{'x' * 1_100_000}</b>", "largest_file"),
    (f"<b>{'<c/>' * 3_200_000}</b>", "largest_line"),
], ids=["deep", "many elements", "long names", "long text", "many bytes"])  # fmt: skip
@pytest.mark.slow
def test_a_record_over_a_limit_is_left_out(bad: str, limit: str) -> None:
    limits = msgspec.structs.replace(LIMITS, largest_file=1_000_000, most_parts=30_000)
    text = f"<list><rec>{bad}</rec><rec><a>1</a></rec></list>"
    [record], [problem] = read_records(text, PLAIN, limits)
    assert columns(record) == {"a": ["1"]}
    assert limit.upper() in problem.hint


def test_records_in_a_record_are_yielded_while_a_file_is_read() -> None:
    options = {**OPTIONS, "records": ["rec", "list"], "nested": True}
    reader = XmlReader(Definition(name="plain", label="plain XML", xml=options))
    stream = io.BytesIO(b"<list>" + b"<rec><a>1</a></rec>" * 200_000 + b"</list>")
    records = reader.read(stream, "list.xml", LIMITS)
    assert isinstance(next(records), SourceRecord)
    assert stream.tell() < len(stream.getvalue()) / 2


def test_circular_references_are_followed_once() -> None:
    """Parts that refer to each other are attached once."""
    text = SAMPLES["zotero-rdf"]
    for start, reference in (("<dc:title>Full", "#item_3"), ("<rdf:value>&lt;p", "#item_2")):
        text = text.replace(start, f'<link:link rdf:resource="{reference}"/>{start}')
    records, problems = read_records(text, "zotero-rdf")
    assert (len(records), problems) == (2, [])
    assert columns(records[0])["isReferencedBy/Memo/value"] == ["<p>Read this.</p>"]


def test_an_element_may_have_very_many_attributes() -> None:
    many = "".join(f" a{number}='{number}'" for number in range(1_000))
    record = get_record("<a>1</a>", f"{many} xmlns:x='urn:x' x:b='2' xml:lang='fr'")
    values = columns(record)
    assert (values["@a999"], values["@b"], values["a"]) == (["999"], ["2"], ["1"])
    assert values["@lang"] == ["fr"]
