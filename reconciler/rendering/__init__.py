"""Rendering: show the JSON of a plan, an outcome or a report on a terminal, as Markdown or as HTML.

Owns: layout, tables, colour, what a reviewer sees first, and making text from outside safe in each form.
Does not own: what the JSON contains. `planning`, `applying` and the commands produce it.

Always true: a renderer reads JSON and nothing else, so the text cannot disagree with the JSON. No text from outside
can move the cursor, change colours, add lines, or become markup.
"""
