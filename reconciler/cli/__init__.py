"""A module per command: flags in, text and exit code out; decides nothing."""
