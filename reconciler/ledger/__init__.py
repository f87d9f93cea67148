"""What this product remembers: readings of usage, writes to ConnectWise, who is applying.

The ledger can be lost: what is lost with it is history, never correctness. Nothing here imports SQLAlchemy
until a ledger is opened (`reconciler.ledger.store`); `records` and `errors` are plain Python.
"""
