"""Markdown for comments of pull requests and issues, on GitHub and GitLab.

Owns: the layout of a plan and of an outcome in Markdown, the escaping of text from outside, and the limit of size.
Does not own: what is risky, and how actions are grouped. `view` and `risks` say that for every form.

Always true: text from outside stays text. It opens no tag, no link, no mention and no reference, and ends no block.
"""
