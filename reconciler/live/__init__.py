"""An estate read in bulk into documents by natural key; setup-table look-ups."""
