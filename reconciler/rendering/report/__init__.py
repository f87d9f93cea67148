"""The forms of the report of a period: a table, CSV, plots as SVG, and the FOCUS format.

Owns: what each form of the report shows, and the columns of CSV and FOCUS.
Does not own: the report itself, which is JSON that `reporting` makes, and the page of HTML (`html`).

Always true: amounts stay decimal text or `Decimal`. Only coordinates of a plot are floats. No text from outside can
become a formula of a spreadsheet, or markup.
"""
