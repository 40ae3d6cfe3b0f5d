"""The commands of docs/backup.md restore a catalogue on another machine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from tests.search_app.web.reading import fetch, open_index

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FOLDERS = ("/srv/pubsearch/", "/etc/pubsearch/", "/var/lib/pubsearch/", "/var/cache/pubsearch/")
RECORDS = ("Salt roads,1999", "Pepper and ports,2001", "Maps of the desert,2003")
DATE = r"(?<=\"record_added\": \")[^\"]*|(?<=\"record_changed\": \")[^\"]*"
"""Matches the dates of a record in a response. Only the index has them."""
URLS = ("/api/search?q=salt", "/api/search?q=*", "/api/suggest?q=ro")
"""Requests to which both sites must give the same response."""


def read_blocks(heading: str) -> list[str]:
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## )", page, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


class Machine:
    """A folder that has the files of a machine below `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.corpus, self.index = (
            root / "srv/pubsearch/catalogue",
            root / "var/lib/pubsearch/catalogue",
        )
        for folder in FOLDERS:
            (root / folder.strip("/")).mkdir(parents=True)

    def run(self, script: str, folder: Path) -> None:
        """Run commands in a folder. Each path below `/` is one of this machine."""
        script = script.replace("/opt/pubsearch/bin/", f"{BIN}/")
        script = script.replace("--directory /", f"--directory {self.root}")
        for path in FOLDERS:
            script = re.sub(rf"(?<![\w.]){path}", f"{self.root}{path}", script)
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, check=True)

    def build(self) -> None:
        """Build as the unit does: with its environment, and then that of the catalogue."""
        unit = (ROOT / "deploy" / "pubsearch-build@.service").read_text(encoding="utf-8")
        stated = re.findall(r"^Environment=(.+)$", unit, re.MULTILINE)
        (file,) = re.findall(r"^EnvironmentFile=(.+)$", unit, re.MULTILINE)
        (command,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        script = f"export {' '.join(stated)}\nset -a\n. {file}\nset +a\n{command}"
        self.run(script.replace("%i", "catalogue"), self.root)

    def open(self) -> FlaskClient:
        return open_index(self.index, corpus=self.corpus)


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    machine = Machine(tmp_path_factory.mktemp("old"))
    shutil.copy(ROOT / "deploy" / "environment", machine.root / "etc/pubsearch/catalogue.env")
    table = machine.root / "list.csv"
    table.write_text("\n".join(["title,year", *RECORDS]), encoding="utf-8")
    command: list[str | Path] = [BIN / "pubsearch", "import", table, "--into", machine.corpus]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    machine.build()
    (copy,) = machine.corpus.rglob("list.csv")
    copy.write_text("\n".join(["title,year", *RECORDS[:-1]]), encoding="utf-8")
    machine.build()
    backup = tmp_path_factory.mktemp("backup")
    for block in read_blocks("Back up"):
        machine.run(block, backup)
    return machine, backup


@pytest.mark.parametrize("with_index", [True, False])
@pytest.mark.slow
def test_a_backup_restores_the_same_site(
    backed_up: tuple[Machine, Path], tmp_path: Path, with_index: bool
) -> None:
    old, backup = backed_up
    new = Machine(tmp_path / "new")
    (block,) = read_blocks("Restore")
    extract, rest = block.split("systemctl", 1)
    assert rest.startswith(" start pubsearch-build@catalogue.service\n")
    if not with_index:
        extract = "\n".join(line for line in extract.splitlines() if "index" not in line)
    new.run(extract, backup)
    assert new.index.joinpath("CURRENT").exists() == with_index
    new.build()
    before, after = old.open(), new.open()
    for url in URLS:
        found = [_drop_times(fetch(site, url)) for site in (before, after)]
        if not with_index:
            found = [json.loads(re.sub(DATE, "", json.dumps(each))) for each in found]
        assert found[0] == found[1]
    pages = [site.get("/publication/maps-of-the-desert-2003") for site in (before, after)]
    assert [page.status_code for page in pages] == [410, 410]
    was, now = (BeautifulSoup(page.data, "lxml").main for page in pages)
    assert was is not None
    assert was == now
    assert len(list((new.index / "generations").iterdir())) == (3 if with_index else 1)
    settings = "etc/pubsearch/catalogue.env"
    assert (new.root / settings).read_bytes() == (old.root / settings).read_bytes()


def _drop_times(response: dict[str, object]) -> dict[str, object]:
    return {
        name: value
        for name, value in response.items()
        if name not in {"stages", "took_ms", "generation"}
    }
