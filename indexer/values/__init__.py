"""Values of publications in one form each: names, dates, identifiers, languages, plain text.

Sources write them in many ways. Each function takes the text of one value and returns the
normalized form, or nothing if the text is not such a value. This package knows no files, columns
or rows.
"""
