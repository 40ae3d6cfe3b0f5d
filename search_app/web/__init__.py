"""The Flask application: serve pages and JSON over HTTP."""
