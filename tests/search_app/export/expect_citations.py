"""Write `expected_citations.json`: what citeproc-js makes of `citation_samples.jsonl`.

Run `python -m tests.search_app.export.expect_citations`. It needs Node.js and npm, which fetch
citeproc-js into a temporary folder. Its results are facts about the samples, not parts of it.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from citeproc import LOCALES_PATH

from search_app.export.citations import STYLES, get_style_path, make_citation_data
from tests.search_app.export.citation_samples import EXPECTED, HERE, read_samples

ORACLE = "citeproc@2.4.63"


def main() -> None:
    """Cite all samples in all styles, and write the file."""
    request = {
        "items": [make_citation_data(item) for item in read_samples()],
        "styles": {style: str(get_style_path(style)) for style in STYLES},
        "locales": LOCALES_PATH,
    }
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "install", "--prefix", folder, ORACLE], check=True, stdout=subprocess.DEVNULL
        )
        script = Path(folder) / "oracle.js"
        script.write_text((HERE / "citeproc_oracle.js").read_text(encoding="utf-8"))
        done = subprocess.run(
            ["node", str(script)],
            input=json.dumps(request).encode(),
            check=True,
            stdout=subprocess.PIPE,
        )
    data = {"made by": ORACLE, "citations": json.loads(done.stdout)}
    text = json.dumps(data, ensure_ascii=False, indent=1)
    EXPECTED.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
