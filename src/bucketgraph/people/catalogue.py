"""The whole catalogue: what the steps collect, people, and what joins the two. Every store is opened with it."""

from __future__ import annotations

from bucketgraph.collect.steps import CATALOGUE as COLLECTED
from bucketgraph.graph.schema import Catalogue, catalogue
from bucketgraph.people.model import EMPLOYEE, IS_EMPLOYEE

CATALOGUE: Catalogue = catalogue(
    (*COLLECTED.entities.values(), EMPLOYEE), (*COLLECTED.relationships, IS_EMPLOYEE)
)
