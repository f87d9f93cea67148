"""Finds the objects of a kind in ConnectWise, reads them in bulk, and matches them with documents.

`what_to_read` decides which lists a run needs, `query` builds each request, `reader` sends them, `read` puts the live
state together, and `match` pairs documents with live objects. `lookup` reads single objects again while a plan is
applied. This room compares natural keys. It decides no change and writes nothing.

Always true here: a kind alone says where its objects are, so no module here compares the name of a kind. If a field is
missing from every object of a response, its value is unknown, not empty. If two active objects have the natural key of
one document, matching fails with an error that gives both ids.
"""
