"""YAML ↔ documents: loading, positions, defaults, diagnostics, schemas."""
