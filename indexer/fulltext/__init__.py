"""The text of files: extracted page by page, within limits, and cached.

`text` has the text of a file. `attachments` finds the files of publications. `documents` reads
files of any type: `text_files` plain text, web pages, JATS and TEI, and `pdf` a PDF, each in a
child process (that of PDFs is `pdf_process`). `pdf_description` finds the title of a PDF and the
like, `cleaning` makes the texts of pages, and `cache` keeps them.
Readers, the codec, and jobs may import this package.
"""
