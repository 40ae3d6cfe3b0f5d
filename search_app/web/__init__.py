"""The Flask application: serve pages and JSON over HTTP.

`app` creates the application, and `server` runs it on waitress. A request passes `incoming`, and
its response `headers` and `monitoring`. `pages`, `api_routes`, `exports`, `discovery` and `files`
have the routes. They share `context`. `errors` turns exceptions into responses.
"""
