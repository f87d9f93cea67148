"""The code that all HTTP clients of the product share.

Owns: TLS settings, the environment's proxies, the loopback rule, limits on the size of a response, `Retry-After`, the
server's clock, the types of JSON values, and the removal of secrets from messages.
Does not: send requests, or contain anything about one API. The clients are in `connectwise` and in the usage sources.
Always true: no error of this room shows an address or a secret that was passed to it.
"""
