"""The server of a sandbox: both APIs, the page and the controls on one address of loopback.

Owns: the ASGI application, the protocol that can break connections, and the page.
Does not own: state. It serves the sandbox that it is given, and can change it for another.
Always true: it listens on 127.0.0.1 only.
"""
