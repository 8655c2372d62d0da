"""How people, imports and mappings are shown: as tables, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bucketgraph.cli.output import console, messages, number, plain, show_json, table, when

if TYPE_CHECKING:
    from bucketgraph.people.desk import Imported, Listed, Source, Unmapped
    from bucketgraph.people.mapper import MappingReport
    from bucketgraph.people.mapping import Doubt
    from bucketgraph.people.planning import ImportPlan, PersonChange
    from bucketgraph.store.base import StoredEntity

_SHOWN = 20


def say(text: str) -> None:
    """Print a sentence as it is."""
    console().print(plain(text), markup=False, highlight=False)


def warn(text: str) -> None:
    """Print a remark beside the answer."""
    messages().print(plain(text), style="yellow", markup=False, highlight=False)


def show_import(done: Imported, *, as_json: bool) -> None:
    """Show what an import did, or would do, with every row that was not used."""
    found = done.plan
    if as_json:
        show_json(_plain_import(done))
        return
    for warning in found.warnings:
        warn(warning)
    _show_columns(found)
    changes = [
        *(("new", one, _facts(one.after)) for one in found.created),
        *(("changed", one, _difference(one)) for one in found.updated),
        *(("removed", one, "") for one in found.removed),
        *(("kept", one, "a rejected row stands for this person") for one in found.kept),
    ]
    _limited(
        None, ["", "person", "what"], [(what, one.name, facts) for what, one, facts in changes], "changes"
    )
    rejected = [(number(one.row), one.why) for one in found.rejected]
    _limited("Rows that were not used (they changed nobody)", ["row#", "why"], rejected, "rows")
    say(_summary(done))
    show_mapping(done.mapping)


def show_people(people: Sequence[Listed], *, as_json: bool) -> None:
    """Show people with the users they are."""
    if as_json:
        show_json([plain_person(one) for one in people])
        return
    if not people:
        say("Nobody is known yet. Import a list with `bucketgraph people import FILE`.")
        return
    rows = [
        (
            one.person.name,
            ", ".join(_texts(one.person, "email")),
            *(str(one.person.properties.get(name, "")) for name in ("employeeId", "bitbucketNickname")),
            ", ".join(user.name for user in one.users),
            _active(one.person),
            one.source,
        )
        for one in people
    ]
    columns = ["name", "e-mail", "employee id", "nickname", "Bitbucket user", "active", "source"]
    console().print(table(None, columns, rows))


def show_person(one: Listed, *, as_json: bool) -> None:
    """Show all that is known of somebody."""
    if as_json:
        show_json(plain_person(one))
        return
    facts = [(name, _text(value)) for name, value in plain_person(one).items() if name != "users"]
    users = [("Bitbucket user", f"{user.name} ({user.key})") for user in one.users]
    console().print(table(None, ["what", "value"], [*facts, *users]))


def show_sources(sources: Sequence[Source], *, as_json: bool) -> None:
    """Show the sources of people."""
    if as_json:
        show_json(
            [
                {
                    "name": one.integration.name,
                    "id": one.integration.id,
                    "people": one.people,
                    "lastChange": one.last
                    and {"status": one.last.status, "startedOn": one.last.started_on, **one.last.options},
                }
                for one in sources
            ]
        )
        return
    rows = [
        (
            one.integration.name,
            number(one.people),
            _text(next(iter(one.last.options.items()), "")) if one.last else "",
            when(one.last.started_on) if one.last else "",
            one.last.status if one.last else "",
        )
        for one in sources
    ]
    console().print(table(None, ["source", "people#", "last change", "on", "status"], rows))


def show_unmapped(found: Unmapped, *, as_json: bool) -> None:
    """Show who is nobody known, who has no account, what is ambiguous, and who may be whom."""
    if as_json:
        show_json(
            {
                "usersWithoutPerson": [_plain_user(one) for one in found.users],
                "peopleWithoutUser": [_plain_entity(one) for one in found.people],
                "ambiguous": [_plain_doubt(one) for one in found.doubts],
                "suggestions": [
                    {
                        "user": _plain_user(one.user),
                        "person": _plain_entity(one.person),
                        "score": round(one.score, 2),
                        "reason": one.reason,
                    }
                    for one in found.suggestions
                ],
            }
        )
        return
    users = [(one.name, str(one.properties.get("nickname", "")), _member(one)) for one in found.users]
    _limited("Bitbucket users that are nobody known", ["user", "nickname", "member"], users, "users")
    people = [(one.name, ", ".join(_texts(one, "email")), _active(one)) for one in found.people]
    _limited("People without a Bitbucket user", ["person", "e-mail", "active"], people, "people")
    _limited("Ambiguous (all are linked)", ["", "may be"], [_doubt(one) for one in found.doubts], "cases")
    offers = [(one.user.name, one.person.name, f"{one.score:.0%}", one.reason) for one in found.suggestions]
    _limited(
        "Who may be whom (nothing is applied)", ["user", "person", "likely#", "because of"], offers, "pairs"
    )
    if offers:
        say("Is it so? bucketgraph people edit PERSON --set bitbucketNickname=NICKNAME, or correct the list.")
    if not (users or people or found.doubts):
        say("Every user is somebody, and everybody has a user.")


def show_mapping(report: MappingReport | None) -> None:
    """Say what became of the mapping, and what is ambiguous."""
    if report is None:
        return
    say(
        f"{report.links:,} Bitbucket users are people now ({report.created:,} new, {report.deleted:,} ended); "
        f"{report.users_without_person:,} users and {report.people_without_user:,} people are unmapped."
    )
    if report.ambiguous:
        _limited(
            "Ambiguous (all are linked)", ["", "may be"], [_doubt(one) for one in report.ambiguous], "cases"
        )


def plain_mapping(report: MappingReport | None) -> dict[str, Any] | None:
    """Return a report as JSON."""
    if report is None:
        return None
    return {
        "links": report.links,
        "created": report.created,
        "deleted": report.deleted,
        "ambiguous": [_plain_doubt(one) for one in report.ambiguous],
        "usersWithoutPerson": report.users_without_person,
        "peopleWithoutUser": report.people_without_user,
    }


def plain_person(one: Listed) -> dict[str, Any]:
    """Return a person as JSON."""
    users = [_plain_user(user) for user in one.users]
    return {**_plain_entity(one.person), "source": one.source, **one.person.properties, "users": users}


def _plain_import(done: Imported) -> dict[str, Any]:
    found = done.plan
    return {
        "source": found.source,
        "dryRun": done.run is None,
        "status": done.run and done.run.status,
        "run": done.run and done.run.id,
        "rows": found.rows,
        "columns": found.columns.properties,
        "ignoredColumns": found.columns.ignored,
        "unchanged": found.unchanged,
        "created": [_plain_change(one) for one in found.created],
        "updated": [_plain_change(one) for one in found.updated],
        "removed": [_plain_change(one) for one in found.removed],
        "kept": [{"key": one.key, "name": one.name} for one in found.kept],
        "rejected": [{"row": one.row, "why": one.why} for one in found.rejected],
        "warnings": found.warnings,
        "needsYes": found.drastic,
        "mapping": plain_mapping(done.mapping),
    }


def _plain_change(one: PersonChange) -> dict[str, Any]:
    return {"key": one.key, "name": one.name, "before": one.before, "after": one.after}


def _plain_entity(one: StoredEntity) -> dict[str, Any]:
    from bucketgraph.j1ql.results import public_id  # noqa: PLC0415  # keeps --help quick

    return {"_id": public_id(one.id), "_key": one.key, "name": one.name}


def _plain_user(one: StoredEntity) -> dict[str, Any]:
    facts = {name: one.properties.get(name) for name in ("nickname", "accountId", "member")}
    return {**_plain_entity(one), **{name: value for name, value in facts.items() if value is not None}}


def _plain_doubt(one: Doubt) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "of": _plain_entity(one.of),
        "candidates": [_plain_entity(x) for x in one.others],
    }


def _show_columns(found: ImportPlan) -> None:
    read = ", ".join(f"{heading} = {name}" for heading, name in found.columns.properties.items())
    say(f"Columns: {read}.")
    if found.columns.ignored:
        ignored = ", ".join(found.columns.ignored)
        say(f'Ignored: {ignored}. --map "Heading=property" reads one, --keep keeps all.')


def _summary(done: Imported) -> str:
    found, run = done.plan, done.run
    said = f"{found.rows:,} rows: {len(found.created):,} people new, {len(found.updated):,} changed, "
    said += f"{len(found.removed):,} removed, {found.unchanged:,} unchanged; {len(found.rejected):,} rows rejected."
    if run is not None:
        return f"{run.status}: {said}"
    asked = " It would ask for --yes, as more than half of the people would go." if found.drastic else ""
    return f"Nothing was changed. {said}{asked}"


def _limited(title: str | None, columns: list[str], rows: Sequence[Sequence[str]], what: str) -> None:
    if not rows:
        return
    out = console()
    out.print(table(title, columns, rows[:_SHOWN]))
    if len(rows) > _SHOWN:
        out.print(f"And {len(rows) - _SHOWN:,} more {what}; --json lists all.", style="dim")
    out.print()


def _doubt(one: Doubt) -> tuple[str, str]:
    what = "user" if one.kind == "user-of-several-people" else "person"
    return f"{what} {one.of.name}", ", ".join(f"{other.name} ({other.key})" for other in one.others)


def _difference(one: PersonChange) -> str:
    names = dict.fromkeys((*one.before, *one.after))
    told = [name for name in names if name != "name"]
    return "; ".join(f"{n}: {_text(one.before.get(n, ''))} → {_text(one.after.get(n, ''))}" for n in told)


def _facts(facts: Any) -> str:
    return ", ".join(
        _text(facts[name]) for name in ("employeeId", "email", "bitbucketNickname") if name in facts
    )


def _texts(one: StoredEntity, name: str) -> Iterable[str]:
    value = one.properties.get(name, ())
    return [str(each) for each in value] if isinstance(value, list) else [str(value)] if value else []


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _active(one: StoredEntity) -> str:
    return (
        {True: "yes", False: "no"}.get(bool(one.properties["active"]), "")
        if "active" in one.properties
        else ""
    )


def _member(one: StoredEntity) -> str:
    return "yes" if one.properties.get("member") is True else "no"
