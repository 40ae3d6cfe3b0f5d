"""The write side: build a generation of the index from a corpus folder.

`readers` parse each file into source records. `ingest` turns a record into a publication, or
reports a problem, by the fields of `catalogue.toml` (`catalogue`). No later step sees raw input.
`analysis` turns text into terms, and `codec` writes them as a segment. `jobs` run a whole build,
and `generations` publishes the result in one switch. `child_process` runs the parts that read
untrusted files of any kind, and closes everything else to them.

Writing is a batch job, and reading is a request: `search_app` opens finished generations only.
"""

import os

# NumPy's matrix library reads it when it is loaded. The matrices of a query are small: several
# threads take longer than one, and on a busy machine they wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
