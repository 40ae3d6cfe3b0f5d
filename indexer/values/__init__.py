"""Value normalization: names, dates, identifiers, languages, and plain text.

A function takes the text of one value, and returns its normalized form, or None or () if the text
is not such a value. This package does not depend on files, columns, or rows.
"""
