"""The values that both stand-ins use: the clock, faults, credentials, the request log, requests and responses.

Does not own: code that only one of the APIs needs.
Always true: nothing here imports another folder of the sandbox.
"""
