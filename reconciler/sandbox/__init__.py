"""Stand-ins for ConnectWise PSA and the backup console, over real HTTP on loopback.

Written from the references, never from what our own client happens to send, so that a client which works here
has been held to the contract. This room imports nothing of the other rooms, and only `cli/sandbox.py` imports it.
"""
