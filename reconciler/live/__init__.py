"""How the objects of a kind are found, read in bulk, and matched with documents.

`wants` decides which lists a run needs, `query` builds each of them, `reader` makes the requests, `read` puts an estate
together, `match` ties it to the documents, and `again` reads again what a plan is about. This room compares no values
and writes nothing.

Always true here: a kind alone says where its objects live, so no module here asks for the name of one. What a server
leaves out of its answer is not taken for empty. Two objects under one key are an error that names both.
"""
