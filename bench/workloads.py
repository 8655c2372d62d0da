"""Ten questions, each in J1QL and in the best SQL we can write by hand for the same file, giving the same rows.

The hand-written statements know what no compiler can: the numbers of types and verbs, which way relationships
point, that this graph holds one relationship of a verb between two things, and which property has an index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Workload:
    """One question. `values` name facts that stand for `:name` in the SQL and `${name}` in J1QL.

    `rows` turns what the driver gives for the SQL into what J1QL answers.
    """

    name: str
    j1ql: str
    sql: str
    values: tuple[str, ...] = ()
    rows: Callable[[list[Any], Mapping[str, Any]], list[Any]] | None = None


def _table(*names: str) -> Callable[[list[Any], Mapping[str, Any]], list[Any]]:
    return lambda rows, _: [dict(zip(names, row, strict=True)) for row in rows]


def _vertices(rows: list[Any], facts: Mapping[str, Any]) -> list[Any]:
    """Build the vertices of pull requests as a program written for the purpose would."""
    found = []
    for number, key, owner, version, created_on, begin_on, props in rows:
        properties = _decode(props)
        head = {
            "_id": f"{number:016x}",
            "_key": key,
            "_type": ["bitbucket_pull_request"],
            "_class": ["Review", "PR"],
            "_source": "integration-managed",
            "_integrationType": "bitbucket",
            "_integrationName": facts["integration"],
            "_integrationClass": ["VersionControl"],
            "_integrationInstanceId": owner,
            "_version": version,
            "_createdOn": created_on,
            "_beginOn": begin_on,
            "_deleted": False,
            "displayName": properties.pop("displayName"),
        }
        found.append({"id": head["_id"], "entity": head, "properties": properties})
    return found


WORKLOADS = (
    Workload(
        "Q1 point",
        "FIND bitbucket_pull_request WITH _key = ${pull} AS p RETURN p.title, p.state, p.createdOn",
        "SELECT json_extract(props, '$.title'), p_state, p_createdOn FROM entity "
        "WHERE integration_id = :owner AND key = :pull AND type_id = {pr} AND end_on IS NULL",
        ("pull", "owner"),
        _table("p.title", "p.state", "p.createdOn"),
    ),
    Workload(
        "Q2 filter",
        "FIND bitbucket_pull_request WITH state = 'OPEN' AND createdOn > ${since}",
        "SELECT id, key, integration_id, version, created_on, begin_on, props FROM entity WHERE type_id = {pr} "
        "AND p_state = 'OPEN' AND p_createdOn > :since AND end_on IS NULL ORDER BY id",
        ("since",),
        _vertices,
    ),
    Workload(
        "Q3 one hop",
        "FIND bitbucket_user WITH _key = ${person} AS u THAT OPENED bitbucket_pull_request AS p "
        "RETURN p.displayName, p.state",
        "SELECT json_extract(e.props, '$.displayName'), e.p_state FROM entity u "
        "CROSS JOIN relationship r ON r.from_id = u.id AND r.verb_id = {opened} AND r.end_on IS NULL "
        "CROSS JOIN entity e ON e.id = r.to_id WHERE u.integration_id = :owner AND u.key = :person "
        "ORDER BY r.id",
        ("person", "owner"),
        _table("p.displayName", "p.state"),
    ),
    Workload(
        "Q4 aggregate",
        "FIND bitbucket_pull_request AS p RETURN p.state, COUNT(p) AS n ORDER BY n DESC",
        "SELECT p_state, COUNT(*) AS n FROM entity WHERE type_id = {pr} AND end_on IS NULL GROUP BY p_state "
        "ORDER BY n DESC, p_state",
        (),
        _table("p.state", "n"),
    ),
    Workload(
        "Q5 negation",
        "FIND bitbucket_pull_request WITH state = 'MERGED' AS p THAT !APPROVED bitbucket_user RETURN COUNT(p) AS n",
        "SELECT COUNT(*) FROM entity p WHERE p.type_id = {pr} AND p.p_state = 'MERGED' AND p.end_on IS NULL AND "
        "NOT EXISTS (SELECT 1 FROM relationship r WHERE r.to_id = p.id AND r.verb_id = {approved} "
        "AND r.end_on IS NULL)",
        (),
        _table("n"),
    ),
    Workload(
        "Q6 self-approval",
        "FIND bitbucket_user AS u THAT OPENED bitbucket_pull_request AS p THAT APPROVED bitbucket_user AS a "
        "WHERE u._id = a._id RETURN u._key, COUNT(p) AS n",
        "SELECT u.key, COUNT(DISTINCT r.to_id) FROM entity u "
        "CROSS JOIN relationship r ON r.from_id = u.id AND r.verb_id = {opened} AND r.end_on IS NULL "
        "CROSS JOIN relationship a ON a.from_id = u.id AND a.verb_id = {approved} AND a.to_type_id = {pr} "
        "AND a.to_id = r.to_id AND a.end_on IS NULL "
        "WHERE u.type_id = {user} AND u.end_on IS NULL GROUP BY u.key ORDER BY u.key",
        (),
        _table("u._key", "n"),
    ),
    Workload(
        "Q7 three hops",
        "FIND bitbucket_project AS j THAT HAS bitbucket_repo THAT HAS bitbucket_pull_request THAT APPROVED "
        "bitbucket_user AS u RETURN j._key, COUNT(u) AS n ORDER BY n DESC, j._key",
        "SELECT j.key, COUNT(DISTINCT a.from_id) AS n FROM entity j "
        "CROSS JOIN relationship h ON h.from_id = j.id AND h.verb_id = {has} AND h.end_on IS NULL "
        "CROSS JOIN relationship p ON p.from_id = h.to_id AND p.verb_id = {has} AND p.end_on IS NULL "
        "CROSS JOIN relationship a ON a.to_id = p.to_id AND a.verb_id = {approved} AND a.end_on IS NULL "
        "WHERE j.type_id = {project} AND j.end_on IS NULL GROUP BY j.key ORDER BY n DESC, j.key",
        (),
        _table("j._key", "n"),
    ),
    Workload(
        "Q8 any, 2 hops",
        "FIND bitbucket_user WITH _key = ${person} AS u THAT RELATES TO * THAT RELATES TO * AS x "
        "RETURN x._type, COUNT(x) AS n",
        "SELECT y.name, COUNT(DISTINCT CASE b.from_id WHEN near.id THEN b.to_id ELSE b.from_id END) FROM "
        "(SELECT r.id AS edge, CASE r.from_id WHEN u.id THEN r.to_id ELSE r.from_id END AS id FROM entity u "
        "CROSS JOIN relationship r ON (r.from_id = u.id OR r.to_id = u.id) AND r.end_on IS NULL "
        "WHERE u.integration_id = :owner AND u.key = :person) near "
        "CROSS JOIN relationship b ON (b.from_id = near.id OR b.to_id = near.id) AND b.id <> near.edge "
        "AND b.end_on IS NULL CROSS JOIN entity_type y ON y.id = "
        "CASE b.from_id WHEN near.id THEN b.to_type_id ELSE b.from_type_id END GROUP BY y.id ORDER BY y.name",
        ("person", "owner"),
        _table("x._type", "n"),
    ),
    Workload(
        "Q9 optional",
        "FIND bitbucket_repo WITH public = true AS r (THAT HAS bitbucket_pull_request WITH state = 'OPEN' AS p)? "
        "RETURN r.name, p.displayName",
        "SELECT json_extract(e.props, '$.name'), json_extract(p.props, '$.displayName') FROM entity e "
        "LEFT JOIN relationship h ON h.from_id = e.id AND h.verb_id = {has} AND h.end_on IS NULL AND EXISTS "
        "(SELECT 1 FROM entity x WHERE x.id = h.to_id AND x.p_state = 'OPEN') LEFT JOIN entity p ON p.id = h.to_id "
        "WHERE e.type_id = {repo} AND json_extract(e.props, '$.public') = 1 AND e.end_on IS NULL "
        "ORDER BY e.id, h.id IS NULL, h.id",
        (),
        _table("r.name", "p.displayName"),
    ),
    Workload(
        "Q10 text",
        "FIND 'currency rounding' WITH _type = 'bitbucket_pull_request' AS p RETURN p.displayName LIMIT 50",
        "SELECT json_extract(props, '$.displayName') FROM entity WHERE type_id = {pr} AND end_on IS NULL "
        "AND props LIKE '%currency%' AND props LIKE '%rounding%' AND has_words(props) ORDER BY id LIMIT 50",
        (),
        _table("p.displayName"),
    ),
)


def numbers(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the store's numbers of types and verbs under the names that the statements use."""
    types = dict(connection.execute("SELECT name, id FROM entity_type").fetchall())
    verbs = dict(connection.execute("SELECT name, id FROM verb").fetchall())
    return {
        "pr": types["bitbucket_pull_request"],
        "repo": types["bitbucket_repo"],
        "user": types["bitbucket_user"],
        "project": types["bitbucket_project"],
        "opened": verbs["OPENED"],
        "approved": verbs["APPROVED"],
        "has": verbs["HAS"],
    }
