"""The program of a test node: jars of OpenSearch from Maven, and the class in `node/`.

`make test-opensearch` runs `python -m tests.opensearch.program`. It exits with 1 and the reason if
the program cannot be made.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs

SETTING = "PUBSEARCH_OPENSEARCH_JARS"
"""Environment variable with the cache folder. Default: `pubsearch/opensearch` in the user cache."""
POM = Path(__file__).parent / "node" / "pom.xml"
SOURCE = POM.with_name("TestNode.java")
TOOLS = ("java", "javac", "mvn")
JAVA_RELEASE = "11"
"""The oldest Java that OpenSearch 2 supports. Any newer Java can run the compiled class."""


class Unavailable(Exception):
    """The program cannot be made. The message says why, for users."""


def version() -> str:
    """Return the version of OpenSearch that the tests run on."""
    found = re.search("<opensearch.version>(.+)</opensearch.version>", POM.read_text("utf-8"))
    assert found, POM
    return found[1]


def find_class_path() -> str:
    """Return the class path of a node. If it is not cached, download and compile it.

    Raise Unavailable if Java or Maven is missing or fails.
    """
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise Unavailable(
            f"the tests on OpenSearch did not run: {', '.join(missing)} not found. "
            "Install a JDK and Maven"
        )
    digest = hashlib.sha256(POM.read_bytes() + SOURCE.read_bytes()).hexdigest()
    folder = find_cache() / f"{version()}-{digest[:12]}"
    if not folder.is_dir():
        _make(folder)
    return f"{folder / 'classes'}{os.pathsep}{folder / 'jars'}/*"


def find_cache() -> Path:
    """Return the cache folder."""
    named = os.environ.get(SETTING)
    return Path(named or platformdirs.user_cache_path("pubsearch", appauthor=False) / "opensearch")


def _make(folder: Path) -> None:
    """Fill a temporary folder and rename it, so that the cache has only complete programs."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    print(f"Downloading OpenSearch {version()} into {folder} ...", flush=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        work = Path(name) / folder.name
        _run(
            ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", POM,
             "dependency:copy-dependencies", "-DincludeScope=runtime",
             f"-DoutputDirectory={work / 'jars'}"]
        )  # fmt: skip
        _run(
            ["javac", "--release", JAVA_RELEASE, "-cp", f"{work / 'jars'}/*",
             "-d", work / "classes", SOURCE]
        )  # fmt: skip
        try:
            work.rename(folder)
        except OSError:
            # Another process may have made the same program in the meantime.
            if not folder.is_dir():
                raise


def _run(command: list[str | Path]) -> None:
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise Unavailable(
            f"the tests on OpenSearch did not run: {command[0]} failed:\n{result.stdout}"
        )


if __name__ == "__main__":
    try:
        find_class_path()
    except Unavailable as problem:
        sys.exit(str(problem))
