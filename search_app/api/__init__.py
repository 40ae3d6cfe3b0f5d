"""The JSON API: `responses` makes its responses, and `openapi` describes them.

The package imports `presentation` for labels and URLs. `web` and `cli` import it.
"""
