"""What this product remembers: readings of usage, writes to ConnectWise, who is applying.

The ledger can be lost: what is lost with it is history, never correctness. Its files may be read by their owner alone.
A run that writes to ConnectWise holds the workspace's lock (`lock`) whenever a request leaves. Those who only look take
a copy where the ledger cannot be written (`reading`). Nothing here imports SQLAlchemy until a ledger is opened
(`reconciler.ledger.store`); `records` and `errors` are plain Python.
"""
