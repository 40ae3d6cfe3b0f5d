"""`pubsearch mcp`: a client of the SDK starts it, lists its tools, and calls them."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from indexer.jobs import build
from search_app import mcp_server
from search_app.engine import Engine
from search_app.export.citations import STYLES
from search_app.export.registry import FORMATS
from search_app.search_state import MAX_SIZE

pytestmark = pytest.mark.slow

CATALOGUE = """\
title = "Reports"
description = "Reports on the sea."
files = "serve"
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "access", label = "Access", facet = 3, restricted = ["on request"] },
    { name = "country", label = "Country", kind = "country", facet = 1 },
    { name = "year", label = "Year", kind = "year", role = "issued", facet = 2 },
    { name = "format", label = "Format", facet = 4 },
    { name = "fulltext", label = "Full text", kind = "fulltext", weight = 0.3 },
]
"""
RECORDS = [
    {
        "id": "open",
        "title": "Harbors of the North",
        "access": "open",
        "country": "NO",
        "year": 2019,
    },
    {"id": "closed", "title": "Closed harbors", "access": "on request", "country": "NO"},
    *(
        {"id": f"tide-{year}", "title": f"Tides of {year}", "year": year}
        for year in range(2001, 2013)
    ),
    {"id": "film", "title": "A film on waves", "format": "video", "country": "IN", "year": 2018},
]
RETIRED = """\
[[retired]]
id = "ports"
successor = "open"

[[retired]]
id = "lost"
title = "The lost island"
time = 2026-01-02T03:04:05Z
"""
SITE = "https://example.org"
SOON = 60.0
"""Timeout of a wait in seconds."""


class Session:
    """A client, the server that it started, and the folder with what the server wrote."""

    def __init__(self, portal: BlockingPortal, client: Client, folder: Path) -> None:
        self._portal, self.client, self.folder = portal, client, folder

    def list_tools(self) -> dict[str, Any]:
        listed = self._portal.call(self.client.list_tools)
        return {tool.name: tool for tool in listed.tools}

    def call(self, name: str, **arguments: object) -> CallToolResult:
        result: CallToolResult = self._portal.call(self.client.call_tool, name, arguments)
        return result

    def read(self, name: str, **arguments: object) -> Any:
        result = self.call(name, **arguments)
        assert not result.is_error, result
        [text] = list_texts(result)
        return json.loads(text)

    def fail(self, name: str, **arguments: object) -> str:
        result = self.call(name, **arguments)
        assert result.is_error, result
        [text] = list_texts(result)
        return text

    def read_output(self) -> list[dict[str, Any]]:
        lines = (self.folder / "stdout").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def list_texts(result: CallToolResult) -> list[str]:
    return [block.text for block in result.content if isinstance(block, TextContent)]


def build_index(folder: Path) -> None:
    build.build(folder / "corpus", folder / "index")


def write_corpus(folder: Path) -> None:
    """Write a corpus of which two publications have files, one of them on request only."""
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    (corpus / "retired.toml").write_text(RETIRED, encoding="utf-8")
    lines = map(json.dumps, RECORDS)
    (corpus / "records.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for name, text in (("open", "A lighthouse."), ("closed", "A lagoon.")):
        (corpus / f"{name}.txt").write_text(text, encoding="utf-8")


@contextmanager
def open_session(folder: Path, **settings: str) -> Iterator[Session]:
    """Yield a session with a server of the index in a folder, which also gets its output."""
    program = Path(sys.executable).with_name("pubsearch")
    command = shlex.join([str(program), "mcp", "--index", str(folder / "index")])
    out, err = (shlex.quote(str(folder / name)) for name in ("stdout", "stderr"))
    server = StdioServerParameters(
        command="sh", args=["-c", f"{command} 2> {err} | tee {out}"], env={**os.environ, **settings}
    )
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(server)) as client,
    ):
        yield Session(portal, client, folder)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("mcp")
    write_corpus(folder)
    build_index(folder)
    with open_session(folder, PUBSEARCH_SITE_URL=SITE) as session:
        yield session


def test_the_instructions_describe_the_catalogue(session: Session) -> None:
    instructions = session.client.instructions
    assert instructions
    assert f"“Reports” is a catalogue of {len(RECORDS)} publications" in instructions
    assert "Reports on the sea." in instructions


def test_the_tools_describe_their_arguments(session: Session) -> None:
    tools = session.list_tools()
    assert [*tools] == ["search", "facets", "publication", "cite", "export"]
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    filters = tools["search"].input_schema["properties"]["filters"]["properties"]
    assert [*filters] == ["access", "country", "year", "format"]
    assert filters["country"]["description"].startswith("Country: ")
    assert '"NO" (Norway), "IN" (India)' in filters["country"]["description"]
    assert tools["cite"].input_schema["properties"]["style"]["enum"] == [*STYLES]
    assert tools["export"].input_schema["properties"]["format"]["enum"] == [*FORMATS]


def test_a_search_returns_hits_and_counts(session: Session) -> None:
    found = session.read("search", q="harbors")
    assert found["total"] == 2
    assert {hit["id"] for hit in found["hits"]} == {"open", "closed"}
    assert found["facets"]["country"] == [
        {"field": "country", "value": "NO", "label": "Norway", "count": 2}
    ]
    [hit] = session.read("search", q="harbors", filters={"access": "open"})["hits"]
    assert hit["url"] == f"{SITE}/publication/open"
    assert hit["year"] == 2019
    assert "format" not in hit
    assert session.read("search", q="xyzzy")["total"] == 0


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ({"filters": {"year": ["2002", 2003]}}, ["tide-2003", "tide-2002"]),
        ({"filters": {"year": "2002..2003"}, "sort": "oldest"}, ["tide-2002", "tide-2003"]),
        (
            {"filters": {"country": ["NO", "IN"]}, "excluded": {"access": ["on request"]}},
            ["open", "film"],
        ),
        ({"q": "tides year:2001..2003", "size": 1, "page": 3, "sort": "newest"}, ["tide-2001"]),
        ({"q": "closed harbors", "exact": True, "match": "all"}, ["closed"]),
        ({"filters": None, "excluded": {}, "q": "waves"}, ["film"]),
    ],
)
def test_the_arguments_narrow_a_search(
    session: Session, arguments: dict[str, object], ids: list[str]
) -> None:
    """Filters, exclusions, the order, and the page have the effect that they have on a page.

    One value stands for an array, and a number for its text.
    """
    assert [hit["id"] for hit in session.read("search", **arguments)["hits"]] == ids


def test_facets_count_all_values(session: Session) -> None:
    found = session.read("facets")
    assert found["total"] == len(RECORDS)
    assert "hits" not in found
    years = {bucket["value"]: bucket["count"] for bucket in found["facets"]["year"]}
    assert years == {str(year): 1 for year in (*range(2001, 2013), 2018, 2019)} | {"none": 1}
    assert len(session.read("search")["facets"]["year"]) < len(years)
    counted = session.read("facets", filters={"country": ["NO"]})["facets"]["access"]
    assert {bucket["value"]: bucket["count"] for bucket in counted} == {"open": 1, "on request": 1}


def test_a_publication_has_its_fields_and_files(session: Session) -> None:
    shown = session.read("publication", id="open", find="lighthouse")
    assert (shown["title"], shown["year"]) == ("Harbors of the North", 2019)
    assert shown["url"] == f"{SITE}/publication/open"
    [file] = shown["files"]
    assert file["url"].startswith(f"{SITE}/file/")
    assert "<mark>lighthouse</mark>" in file["passages"][0]["html"]


def test_restricted_files_stay_restricted(session: Session) -> None:
    assert session.read("search", q="lighthouse")["total"] == 1
    assert session.read("search", q="lagoon")["total"] == 0
    shown = session.read("publication", id="closed", find="lagoon")
    assert "/file/" not in json.dumps(shown)
    assert "lagoon" not in json.dumps(shown).lower()


def test_retired_ids(session: Session) -> None:
    """A replaced id leads to its publication, and a removed one to an error that says so."""
    assert session.read("publication", id="ports")["id"] == "open"
    assert [*session.read("cite", id=["ports"])] == ["open"]
    for tool in ("publication", "cite", "export"):
        message = session.fail(tool, id="lost")
        assert message.startswith("“The lost island” was removed on ")
        assert message.endswith("Search for its title. There may be another edition.")


def test_citations(session: Session) -> None:
    apa = session.read("cite", id=["open", "film"])
    assert apa["open"] == "Harbors of the North. (2019)."
    assert session.read("cite", id="open", style="mla")["open"] != apa["open"]
    assert [*apa] == ["open", "film"]


def test_exports(session: Session) -> None:
    """Publications are exported by id, or page by page of a search, with a note on the rest.

    A filter of a field may have the name of another argument.
    """
    [bibtex] = list_texts(session.call("export", id=["open"], format="bibtex"))
    assert "url = {https://example.org/publication/open}" in bibtex
    note, lines = list_texts(session.call("export", q="tides", format="jsonl", size=8))
    assert note == "Hits 1 to 8 of 12. Continue with page=2."
    note, rest = list_texts(session.call("export", q="tides", format="jsonl", size=8, page=2))
    assert note == "Hits 9 to 12 of 12."
    ids = {json.loads(line)["id"] for line in (lines + rest).splitlines()}
    assert ids == {f"tide-{year}" for year in range(2001, 2013)}
    assert list_texts(session.call("export", q="tides", page=9)) == [
        "Page 9 is empty. The search has 12 hits."
    ]
    note, ris = list_texts(session.call("export", filters={"format": ["video"]}, format="ris"))
    assert (note, "A film on waves" in ris) == ("Hits 1 to 1 of 1.", True)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("search", {"size": 101}, "size=101 is not valid. Use a whole number from 1 to 100."),
        ("export", {"size": 101}, "size=101 is not valid. Use a whole number from 1 to 100."),
        ("search", {"page": "two"}, "page=two is not valid. Use a whole number from 1."),
        ("search", {"q": ["a", "b"]}, "q=a, b is not valid. Use one value."),
        ("search", {"q": {"a": 1}}, "q={'a': 1} is not valid. Use a text, or an array of texts."),
        ("search", {"region": "x"}, "region=x is not valid. Use one of: q, match, "),
        ("facets", {"page": 2}, "page=2 is not valid. Use one of: q, match, "),
        (
            "search",
            {"filters": {"region": ["x"]}},
            "filters.region=['x'] is not valid. Use one of: access, country, year, format.",
        ),
        (
            "search",
            {"filters": "NO"},
            'filters=NO is not valid. Use an object such as {"field": ["value"]}.',
        ),
        ("search", {"filters": {"year": "2012..2001"}}, "year=2012..2001 is not valid. "),
        ("publication", {}, "There is no publication “”. "),
        ("publication", {"id": ["open", "film"]}, "id=open, film is not valid. Use one value."),
        ("cite", {}, "id= is not valid. Use 1 to 100 ids of publications."),
        ("export", {"id": []}, "id= is not valid. Use 1 to 100 ids of publications."),
        ("publication", {"id": "none"}, "There is no publication “none”. "),
        ("cite", {"id": ["open", "none"]}, "There is no publication “none”. "),
        ("cite", {"id": ["x"] * (MAX_SIZE + 1)}, "id=x, x, x"),
        ("cite", {"id": "open", "style": "x"}, "style=x is not valid. Use one of: apa, "),
        ("export", {"format": "doc"}, "format=doc is not valid. Use one of: ris, "),
        ("find", {}, "find=find is not valid. Use one of: search, "),
    ],
)
def test_errors_say_what_is_wrong(
    session: Session, tool: str, arguments: dict[str, object], message: str
) -> None:
    assert session.fail(tool, **arguments).startswith(message)


def test_a_long_query_is_cut(session: Session) -> None:
    found = session.read("search", q="tides " + "harbor " * 150_000)
    assert found["ignored_word_count"] > 100_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=5,
)
NAMES = "q match filters excluded sort size page id find style format".split()
FIELDS = st.dictionaries(st.sampled_from(("year", "country", "format")), JSON, max_size=2)
IDS = st.lists(st.sampled_from(("open", "film", "ports", "lost", "none")), max_size=3)


@given(
    tool=st.sampled_from(("search", "facets", "publication", "cite", "export")),
    arguments=st.dictionaries(st.sampled_from(NAMES), JSON | FIELDS | IDS, max_size=3),
)
def test_any_arguments_get_a_result(
    session: Session, tool: str, arguments: dict[str, object]
) -> None:
    allowed = session.list_tools()[tool].input_schema["properties"]
    given = {name: value for name, value in arguments.items() if name in allowed}
    texts = list_texts(session.call(tool, **given))
    assert "".join(texts)
    assert "Something went wrong" not in texts[0]


def until(is_so: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    end = monotonic() + SOON
    while not is_so():
        assert monotonic() < end
        sleep(0.1)


def test_a_new_index_is_used(session: Session) -> None:
    """A publication that is published during the session is found, and so are its values."""
    record = {"id": "reef", "title": "A new reef", "country": "FJ", "year": 2020}
    (session.folder / "corpus" / "new.jsonl").write_text(json.dumps(record), encoding="utf-8")
    build_index(session.folder)
    until(lambda: session.read("search", q="reef")["total"] == 1)
    filters = session.list_tools()["search"].input_schema["properties"]["filters"]
    assert '"FJ" (Fiji)' in filters["properties"]["country"]["description"]


def test_standard_output_has_only_messages(session: Session) -> None:
    session.read("facets")
    assert all(message["jsonrpc"] == "2.0" for message in session.read_output())
    assert "Traceback" not in (session.folder / "stderr").read_text(encoding="utf-8")


def fail(engine: Engine, **arguments: object) -> str:
    result = mcp_server.call_tool(engine, SITE, "search", arguments)
    assert result.is_error, result
    [text] = list_texts(result)
    return text


def test_a_missing_index(tmp_path: Path) -> None:
    message = fail(Engine(tmp_path / "index"), q="harbors")
    assert message.startswith("The catalogue cannot be searched at the moment. ")
    assert "Run: pubsearch build" in message


def test_an_exceeded_budget(session: Session) -> None:
    message = fail(Engine(session.folder / "index", budget=0.001), q="harbors")
    assert message == (
        "This search takes too long. Search for fewer words, or without wildcards and fuzzy terms."
    )


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server(tmp_path: Path, signal_: signal.Signals) -> None:
    """A signal ends the server, though its client keeps the standard input open."""
    program = Path(sys.executable).with_name("pubsearch")
    ping = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n'
    with subprocess.Popen(
        [program, "mcp", "--index", tmp_path / "index"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        assert server.stdin
        assert server.stdout
        server.stdin.write(ping)
        server.stdin.flush()
        assert json.loads(server.stdout.readline())["id"] == 1
        server.send_signal(signal_)
        assert server.wait(SOON) == -signal_


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['mcp'] = None\nfrom search_app.cli.main import main\nmain('mcp')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert "make environment-mcp" in line
