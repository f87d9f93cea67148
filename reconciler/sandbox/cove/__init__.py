"""A backup console and its JSON-RPC API: partners, devices and their statistics [docs, seen].

Owns: sessions, the four methods of the API, and the data behind them in `data`.
Does not own: sockets and the server, which are in `server`.
Always true: every answer has HTTP status 200, errors too, unless a fault is active.
"""
