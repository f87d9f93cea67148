"""The kinds of documents. Each kind has one module with its spec model, natural key and field mappings.

This room owns what a document of each kind may contain, and how each field is read from and written to ConnectWise
JSON. It reads no files and sends no requests. Every `KIND` in a module here is found by `registry`, and no other room
has a list of kinds.
"""
