"""Semantic hits on the page, in the API, and on the command line."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.analysis import embeddings
from indexer.generations import directory
from search_app import config, create_app
from search_app.cli import commands
from tests.catalogue import PATIENT
from tests.search_app.engine.features.test_diagnosis import answer, offered
from tests.search_app.web.reading import read_page

pytestmark = pytest.mark.slow

FOREIGN = (
    "/?q=Opferanwalt+im+Strafverfahren",
    "/?q=handel+dzie%C4%87mi",
    "/?q=child+brides",
    "/?q=victims+zyzzyva&region=Africa",
    "/?q=zyzzyva&region=Africa",
)


@pytest.fixture
def client(meaning_index: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    log = tmp_path / "zero-results.jsonl"
    settings = config.load(PATIENT, index=meaning_index, zero_result_log=log)
    with create_app(settings).test_client() as client:
        yield client


def readings(client: FlaskClient, address: str) -> dict[str, str]:
    page = read_page(client, address)
    found = ((each, each.select_one("a")) for each in page.select("p.note"))
    return {str(each.find(string=True)).strip(): str(a["href"]) if a else "" for each, a in found}


def test_a_list_of_semantic_hits_only(client: FlaskClient) -> None:
    """A page of semantic hits only says so, and links to a search without them."""
    address = "/?q=Opferanwalt+im+Strafverfahren"
    found = answer(client, address)
    assert found["semantic_total"] == found["total"] > 0
    count = "1 publication has" if found["total"] == 1 else f"{found['total']} publications have"
    line = f"No publication has these words. {count} a similar meaning."
    href = readings(client, address)[line]
    assert href == f"{address}&semantic=0"
    assert answer(client, href)["total"] == 0
    page = client.get(address).text
    assert "Nothing found for “Opferanwalt im Strafverfahren”. 1–" in page
    assert "Hits for each word:" not in page


def test_semantic_hits_after_lexical_ones(client: FlaskClient) -> None:
    found = answer(client, "/?q=sailors+abused+at+sea")
    told = [
        line for line in readings(client, "/?q=sailors+abused+at+sea") if "similar meaning" in line
    ]
    count = found["semantic_total"]
    assert told == [
        "1 of these results has other words with a similar meaning."
        if count == 1
        else f"{count} of these results have other words with a similar meaning."
    ]
    assert answer(client, "/?q=sailors+abused+at+sea&semantic=0")["total"] == found["total"] - count


@pytest.mark.parametrize("address", FOREIGN)
def test_diagnosis_counts_include_semantic_hits(address: str, client: FlaskClient) -> None:
    diagnosis = answer(client, address)["diagnosis"]
    for each in offered(diagnosis) if diagnosis else ():
        if each["url"]:
            assert answer(client, each["url"])["total"] == each["total"], each


def test_facet_counts_include_semantic_hits(client: FlaskClient) -> None:
    page = read_page(client, "/?q=Opferanwalt+im+Strafverfahren")
    for tick in page.select("a.tick"):
        told = re.search(r"([\d,]+) publications?", str(tick["aria-label"]))
        assert told
        assert answer(client, str(tick["href"]))["total"] == int(told[1].replace(",", ""))


def test_semantic_0_stays_in_every_link(client: FlaskClient) -> None:
    """All links of a list without semantic hits keep `semantic=0`. The search box drops it."""
    text = client.get("/?q=trafficking&semantic=0&section=Tools&size=5&page=2").text
    links = [unescape(each) for each in re.findall(r'href="(/\?[^"]*)"', text)]
    assert links
    assert all("semantic=0" in each for each in links)
    box = BeautifulSoup(text, "lxml").select_one("search form")
    assert box
    assert not box.select("[name=semantic]")


def test_a_search_with_only_semantic_hits_is_logged(client: FlaskClient, tmp_path: Path) -> None:
    """A search without lexical hits is logged, even if it has semantic ones."""
    client.get("/?q=Opferanwalt+im+Strafverfahren")
    client.get("/?q=child+brides")
    noted = (tmp_path / "zero-results.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(each)["query"] for each in noted] == ["Opferanwalt im Strafverfahren"]


def test_explanations_include_the_semantic_score(client: FlaskClient) -> None:
    hit: dict[str, Any]
    for hit in answer(client, "/?q=Opferanwalt+im+Strafverfahren&explain=1")["hits"]:
        assert hit["explanation"]["parts"] == []
        assert hit["explanation"]["semantic"] == pytest.approx(hit["score"], abs=1e-3)
        assert hit["explanation"]["sentences"][0].startswith(
            "It has none of the words; its meaning is"
        )


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands.commands, arguments, env=environment)
    return result.exit_code, result.output or str(result.exception)


def test_building_with_embeddings(corpus: Path, tmp_path: Path) -> None:
    """`--semantic 1`, or the setting, builds embeddings. 0 builds none."""
    index = tmp_path / "index"
    places = ("--corpus", str(corpus), "--index", str(index))
    encoder = embeddings.load_encoder()
    assert encoder
    for arguments, environment, model in (
        (("--semantic", "1"), {}, encoder.model),
        ((), {}, ""),
        ((), {"PUBSEARCH_SEMANTIC": "1"}, encoder.model),
        (("--semantic", "0"), {"PUBSEARCH_SEMANTIC": "1"}, ""),
    ):
        status, output = run("build", *places, *arguments, **environment)
        assert status == 0, output
        assert directory.load_live(index).manifest.meaning == model


def test_the_extra_is_missing(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "load_encoder", lambda: None)
    places = ("--corpus", str(corpus), "--index", str(tmp_path / "index"))
    status, output = run("build", *places, "--semantic", "1")
    assert status == 1
    assert "Run: make environment-semantic" in output
    assert not (tmp_path / "index" / "CURRENT").exists()
