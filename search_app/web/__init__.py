"""The Flask application: serve pages and JSON over HTTP.

`app` creates the application. `routes` has its routes, and `middleware` acts on every request.
`errors` turns exceptions into responses, `addresses` makes URLs absolute, `robots` serves
robots.txt, `server` runs the application on waitress, and `zero_result_log` logs searches without
hits.
"""
