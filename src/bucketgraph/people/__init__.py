"""Employees and which Bitbucket users they are.

In: lists of people (CSV, JSON, XLSX), the users in the graph, mapping rules. Out: `Person` entities and
`bitbucket_user IS Person` relationships, and what could not be matched. May import `integrations` and all below it.

Example::

    people = read_people(Path("staff.csv"))
    links = match(users, people, RULES)
"""
