"""The JSON API.

`schemas` has the types of the responses, `serializers` turns results into them, `openapi` describes
them as an OpenAPI document. It imports `presentation` for labels and URLs. Only `web` imports it.
"""
