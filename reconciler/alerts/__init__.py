"""Alerts: tell a person what needs a person, once, and again when it has ended.

    plan, outcome, error ─▶ causes ─┐
    ledger ─▶ known causes ─────────┴▶ known causes now ─▶ news for each receiver ─▶ message ─▶ apprise

Owns: which causes a run finds, which ones it can judge, what is new to a receiver, the text of a message, and sending
it within a limit of time.
Does not own: the ledger's tables, and when a command sends alerts.

Always true: only `sending` and `heartbeat` do I/O. All other modules are pure. A receiver is told of a cause once, then
again if it grows, and once when it has ended. A message that was not sent is sent by the next run. No alert holds a
secret, and no text from outside can mention a person or become a link in it.
"""
