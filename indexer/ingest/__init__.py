"""Ingestion: read a corpus folder into validated publications.

`corpus` reads the folder, recognizes unchanged records, and makes ids unique. `validation` turns a
source record into a publication or a problem. `watcher` reports changes of the folder. This package
imports `mapping`, `readers`, `catalogue` and `analysis`. `codec` imports `build_process` too.
"""
