"""The read side: a query becomes a page.

`state` reads the address into a value, `engine` answers it from the live generation of the
index, `page` joins both to what a template prints, `views` are the routes, and `errors` the
one place where something that went wrong becomes a status and a page. `application` joins
them, and `server` serves that. `cli` stands on top and knows both sides; the web is loaded
only where it is served.
"""
