"""Manifests: reading YAML files, checking them, and describing them with JSON Schemas.

This room owns the way from files to typed documents: parsing, defaults, validation, references between documents,
secrets, and messages with file, line and column. The fields of each kind are in `kinds`. This room sends no requests.
`loading.load` returns documents that passed every check, or raises one error that lists everything that is wrong.
"""
