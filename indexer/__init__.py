"""The write side: a corpus folder becomes a generation of the index.

A reader turns each file into entries (`readers`), word for word. `validate` makes them
publications or problems, by the rows of `catalogue.toml` (`fields`); nothing later sees raw
input. `corpus` does that for a folder. `analysis` makes words into terms, and `build` writes
them as a new generation, which `generations` publishes in one switch. Writing is a batch job;
reading is a request: `search_app` only ever opens what stands finished.
"""
