"""Where usage comes from: a module per type, each with settings and `async pull(settings, now) -> Pull`.

A source that fails yields a failed pull with a sentence, so that it never stops the others.
"""
