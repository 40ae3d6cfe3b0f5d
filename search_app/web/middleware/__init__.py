"""What acts on every request and response, before and after the routes.

Each module has one job and a function that adds it to the application. They do not import routes,
pages or the API; `web.app` adds them.
"""
