"""citeproc-py with the rules of CSL 1.0.2 that it lacks: one publication in, its citation out.

docs/decisions/0037-citeproc-with-corrections.md has the comparison with citeproc-js. `style` loads
a style so that the classes of `elements` evaluate it. `reference` has the variables that they
print, and `text` the rules for letters and numbers.
"""
