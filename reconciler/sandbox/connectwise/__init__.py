"""A ConnectWise PSA tenant in memory, as strict as the reference.

Owns: the tenant's objects, the rules they follow, and the API as a function from a request to a response.
Does not own: sockets and the server, which are in `server`.
Always true: an object in the tenant has passed the checks of its fields and its kind.

The folders, each importing only those above it:

    schema   which fields each kind of object has, which paths show it, and how a body is checked
    store    the objects, without rules
    rules    the checks and computed fields of single kinds
    query    conditions, fields, orderBy and pages over the store
    tenant   the store with guarded writes, and a new tenant's setup tables
    api      a request to its response
"""
