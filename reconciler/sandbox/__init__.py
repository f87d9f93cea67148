"""Stand-ins for ConnectWise PSA and the backup console, served over real HTTP on loopback.

Owns: both APIs as the references describe them, the faults that a test can set, and the page and the controls.
Does not own: any code of the client. This room imports no other room, and only `cli/sandbox.py` imports it.
Always true: every behaviour comes from the references and never from what the client sends, so a client that works
here keeps to the contract.

The folders, each importing only those above it:

    shared        clock, faults, credentials, request log, HTTP values
    connectwise   the ConnectWise tenant and its API
    cove          the backup console and its API
    state         a whole sandbox, and its state file
    server        both APIs, the page and the controls over HTTP
"""
