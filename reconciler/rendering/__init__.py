"""Rendering: show the JSON of a plan, an outcome or a report on a terminal.

Owns: text layout, tables, colour, and making text from outside safe to print.
Does not own: what the JSON contains. `planning`, `applying` and the commands produce it.

Always true: a renderer reads JSON and nothing else, so the text cannot disagree with the JSON. No text from outside
can move the cursor, change colours or add lines.
"""
