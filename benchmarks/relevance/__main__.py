"""Run the relevance benchmark: `python -m benchmarks.relevance`."""

import re
import sys
from pathlib import Path

import click
import msgspec

from benchmarks.relevance import compare, judged, report
from benchmarks.relevance.results import Results

COLLECTIONS = Path("../shared/data/collections")
PAPERS = Path("../shared/data/papers-100k.jsonl.xz")
REPORT = Path("docs/relevance.md")
_PLAIN_LIST = re.compile(r"\[[^][{}]*\]")


@click.command()
@click.option(
    "--collections",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=COLLECTIONS,
    show_default=True,
    help="Folder of the judged collections, with one folder for each.",
)
@click.option(
    "--papers",
    type=click.Path(path_type=Path, dir_okay=False),
    default=PAPERS,
    show_default=True,
    help="Papers among which known items are searched for, as packed JSON Lines.",
)
@click.option(
    "--report",
    "written",
    type=click.Path(path_type=Path, dir_okay=False),
    default=REPORT,
    show_default=True,
    help="Report to write. The figures go into a folder of the same name.",
)
def main(collections: Path, papers: Path, written: Path) -> None:
    """Measure how well this engine and its peers answer the queries of judged collections."""
    folders = sorted(path.parent for path in collections.glob("*/qrels.tsv"))
    if not folders:
        raise click.UsageError(
            f"{collections} contains no collection. Name a folder whose folders contain a qrels.tsv"
        )
    try:
        results = compare.compare([judged.load(folder) for folder in folders], papers, say)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error}. Install it with: make relevance") from error
    raw = written.with_suffix("") / "results.json"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text(as_json(results), encoding="utf-8")
    written.write_text(report.report(results), encoding="utf-8")
    click.echo(f"{written} and {raw}")


def as_json(results: Results) -> str:
    """Return the results as JSON. A list of plain values takes one line."""
    text = msgspec.json.format(msgspec.json.encode(results), indent=1).decode()
    return _PLAIN_LIST.sub(lambda found: " ".join(found[0].split()), text) + "\n"


def say(what: str) -> None:
    """Print progress to stderr."""
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
