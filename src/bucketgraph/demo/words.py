"""Vocabulary of the generated worlds: invented names, nouns and sentences."""

from __future__ import annotations

GIVEN = (
    "Ada",
    "Björn",
    "Chidi",
    "Dragana",
    "Eun-ji",
    "Farouk",
    "Gwen",
    "Hiro",
    "Ingrid",
    "José",
    "Katya",
    "Léa",
    "Mateus",
    "Nadia",
    "Øyvind",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Tamar",
    "Uma",
    "Viktor",
    "Wanjiru",
    "Xin",
    "Yusuf",
    "Zofia",
    "美咲",
    "Łukasz",
)
FAMILY = (
    "Abara",
    "Bergström",
    "Castillo",
    "Dvořák",
    "Eriksen",
    "Fontaine",
    "Grünwald",
    "Haddad",
    "Ito",
    "Jankowski",
    "Kaplan",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "O'Brien",
    "Petrov",
    "Quispe",
    "Rossi",
    "Şahin",
    "Tanaka",
    "Ueda",
    "Vargas",
    "Weiss",
    "Xu",
    "Yılmaz",  # noqa: RUF001 - a Turkish name is spelt so
    "Zhao",
)
BOTS = ("Release Bot", "Dependency Updater", "Pipelines Runner", "Translation Sync")
TEAMS = ("Bluewater Contractors", "Old Platform Team", "Harbor Consulting")
AREAS = (
    "Platform",
    "Payments",
    "Mobile",
    "Data",
    "Infrastructure",
    "Security",
    "Web",
    "Research",
    "Support",
    "Firmware",
)
DOMAINS = (
    "billing",
    "catalog",
    "session",
    "ledger",
    "telemetry",
    "search",
    "notification",
    "identity",
    "shipping",
    "pricing",
    "inventory",
    "report",
    "gateway",
    "scheduler",
    "archive",
    "media",
    "policy",
    "routing",
)
KINDS = ("api", "service", "worker", "ui", "client", "schema", "tools", "infra", "sdk", "batch")
LANGUAGES = ("python", "go", "java", "typescript", "kotlin", "rust", "hcl", "", "c++", "shell")
VERBS = (
    "Add",
    "Fix",
    "Remove",
    "Refactor",
    "Document",
    "Speed up",
    "Validate",
    "Retry",
    "Cache",
    "Rename",
    "Harden",
    "Simplify",
)
OBJECTS = (
    "the retry limit",
    "currency rounding",
    "pagination of large lists",
    "the token refresh",
    "unused feature flags",
    "the nightly export",
    "error messages for users",
    "database indexes",
    "time zone handling",
    "the health check",
    "logging of failed jobs",
    "the upload size limit",
    "input validation",
    "connection pooling",
    "the release script",
    "flaky integration tests",
)
PLACES = ("", "", " in the worker", " for tenants", " on start-up", " behind a flag", " (part 2)")
REASONS = ("Superseded by a smaller change.", "Not needed any more.", "", "Déjà fait ailleurs.")
LONG_DESCRIPTION = """\
## Why

The present behaviour surprises people: a value of `0` means *no limit* in one place and
*nothing at all* in another. Størrelsen betyr noe, 価格は税込みです, and “quotes” are kept.

## What

* one function decides, everything else asks it;
* the old setting is read for two more releases and then refused;
* the documentation tells which one wins.

```python
limit = settings.limit if settings.limit is not None else DEFAULT
```

## How to try it

1. start the service with `LIMIT=3`,
2. send four requests within a minute,
3. the fourth one is refused with a clear message. ✅
"""
SHORT_DESCRIPTIONS = (
    "",
    "Small change, see the title.",
    "Follow-up of last week's incident review.",
    "Reads the setting once at start-up instead of for every request.",
    "Prépare la prochaine version.",
)
