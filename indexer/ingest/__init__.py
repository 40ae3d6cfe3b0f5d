"""From a corpus folder to validated publications.

`corpus` reads the folder and recognizes what is unchanged, `validation` turns a source record into
a publication or a problem, `ids` makes ids unique, `watcher` reports changes of the folder.
It imports `readers`, `catalogue` and `analysis`. `jobs` imports `corpus` and `watcher`.
"""
