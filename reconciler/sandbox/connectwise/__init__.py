"""A ConnectWise PSA tenant in memory, strict to the reference.

entities/     what fields each kind of object has
fields        how those tables are read
views         which path shows which table, and what may be done there
tenant        the tables, and every write to them
validation    a body held against its entity
references    {"id": 3} or {"name": "…"} to the object meant, and back
rules         what single kinds ask beyond their fields: uniqueness in a parent, computed money, deletes
setup         what a new tenant's setup tables hold
conditions    the query language, compiled to a predicate
selection     fields=, orderBy=, and pages
bundles       many reads in one request
app           a request to its answer
"""
