"""From plan to SQL: paths become joins, predicates conditions, expressions terms, outputs selects.

In: a `j1ql.plan.Plan` and what is known of the graph. Out: one SQLAlchemy `Select` and how to read its rows.
All values are bound, save for the store's own numbers of types and verbs, which stand in the text so that
partial indexes apply. What only SQLite says its way stands in `hooks`.
"""
