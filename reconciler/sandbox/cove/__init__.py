"""Stand-in of the backup console's JSON-RPC API: partners, devices and their statistics [docs, seen]."""
