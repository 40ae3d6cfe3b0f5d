"""Pages: results of the engine as labels, links, sentences, and HTML, without any HTTP."""
