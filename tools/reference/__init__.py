"""`make reference`: write the parts of `docs/reference/` that follow from the code.

A page of its own is made for each kind. Other pages are written by hand, with generated parts between two comments
(`regions.py`). `tests/test_reference.py` fails if a page differs from what the code gives.
"""
