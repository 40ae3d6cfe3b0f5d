"""Ingestion: read a corpus folder into validated publications.

`corpus` reads the folder, and recognizes unchanged records. `validation` turns a source record into
a publication or a problem. `ids` makes ids unique. `watcher` reports changes of the folder. This
package imports `mapping`, `readers`, `catalogue` and `analysis`. `codec` imports `build_process`
too.
"""
