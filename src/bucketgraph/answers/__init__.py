"""Answers in other shapes: rows and columns, CSV, GraphML, trees. Pure; for the command line and the console alike.

In: an `Answer` of the query language. Out: plain rows, texts of files, branches to draw. What a cell says to a person
is decided here once, so that a table in a terminal and one in a browser agree.

Example::

    columns, rows = tabular.telling(answer)
    text = csv_text.as_csv(answer, guarded=True)
"""
