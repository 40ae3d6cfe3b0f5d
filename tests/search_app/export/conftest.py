"""Publications to export: those of the first catalogue, and an imported catalogue of papers."""

from pathlib import Path

import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem, Publication
from indexer.jobs import importer
from tests.catalogue import CORPUS
from tests.samples import read_publications

Publications = tuple[Catalogue, list[Publication]]

PAPERS = r"""TY  - JOUR
ID  - art/2014.1
TI  - 100% {Data} & "Tips" #1: @home_2 ~ x^y $5 \emph{unbalanced -- it's ``so''
AU  - van Gogh, Vincent
AU  - King, Martin Luther, Jr.
AU  - Ministry of Food, Water and Energy
AU  - Food & Health Agency
PY  - 2014
DA  - 2014/05/03/
T2  - Journal of R&D, {applied}
VL  - 12
IS  - 3
SP  - 12
EP  - 19
DO  - 10.1000/x(1)_y
SN  - 0378-5955
LA  - fr
KW  - air, land
KW  - sea; sky
AB  - The first paragraph ends with 50% of {it}.

AB  - The second one has @article{x, title = {y}} and TY  - BOOK.
ER  -
TY  - BOOK
ID  - livre
TI  - تقرير عن الاتجار بالأشخاص
AU  - أحمد, علي
ED  - Marsh, Eva
PY  - 1998
PB  - Brand and Sons
CY  - Wien
SN  - 9783161484100
LA  - ar; en
UR  - https://example.org/a_b?c=%7Ed&e=1#f
UR  - https://example.org/second
ER  -
TY  - CHAP
ID  - zh
TI  - =SUM(A1) 关于人口贩运的报告
AU  - 王, 五
T2  - 选集
T3  - Series on the Sea
SP  - e12
ER  -
TY  - THES
ID  - ru
TI  - -5 Отчёт о торговле людьми
AU  - Plato
PY  - 2001
LA  - ru
ER  -
"""


@pytest.fixture(scope="package")
def first_catalogue() -> Publications:
    return catalogue_toml.load(CORPUS), read_publications(CORPUS)


@pytest.fixture(scope="package")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Publications:
    folder = tmp_path_factory.mktemp("papers")
    (folder / "papers.ris").write_text(PAPERS, encoding="utf-8")
    return import_file(folder / "papers.ris", folder / "new")


def import_file(file: Path, into: Path) -> Publications:
    importer.import_files([file], into, report=fail)
    return catalogue_toml.load(into), read_publications(into)


def fail(problem: Problem) -> None:
    pytest.fail(str(problem))
