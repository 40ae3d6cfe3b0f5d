"""The text of files: extracted page by page, within limits, and cached.

Modules: `text` has the text of a file. `attachments` finds the files of publications by a
`file_index`. `documents` reads files of any type, and `cache` keeps their texts. `markup` reads web
pages, JATS and TEI. `pdf` reads a PDF by the child process `pdf_process`. `layout` finds its
paragraphs, and `pdf_description` its title and the like. `cleaning` makes the texts of pages,
`hyphenation` joins divided words, and `running_lines` removes page numbers.
Readers, the codec, and jobs may import this package.
"""
