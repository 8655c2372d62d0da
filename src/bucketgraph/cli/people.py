"""`bucketgraph people …`: employees, and which Bitbucket users they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.output import console, show_json, table
from bucketgraph.cli.people_tables import (
    plain_mapping,
    plain_person,
    say,
    show_import,
    show_mapping,
    show_people,
    show_person,
    show_sources,
    show_unmapped,
    warn,
)
from bucketgraph.errors import EXIT_PARTIAL, ConfigError

if TYPE_CHECKING:
    from bucketgraph.people.desk import Listed
    from bucketgraph.people.mapper import MappingReport
    from bucketgraph.people.planning import ImportPlan

app = typer.Typer(
    no_args_is_help=True, help="Employees: import them, and see which Bitbucket users they are and are not."
)
rules_app = typer.Typer(
    no_args_is_help=True,
    help="The rules by which a Bitbucket user is a person; `nickname` is on from the start.",
)
app.add_typer(rules_app, name="rules")

Who = Annotated[
    str,
    typer.Argument(help="Employee id, e-mail address, nickname, name, `_key` or `_id`.", metavar="PERSON"),
]
FromSource = Annotated[str | None, typer.Option("--source", help="Only people of this source.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", help="A property and its value, such as title=Engineer; repeatable."),
]


_IMPORTING = """Import a list of people; importing a newer one updates, adds and removes.

The usual headings are understood, however they are written:

\b
Employee ID,First name,Last name,E-mail,Job title,Manager,Active,Bitbucket nickname
1001,Ada,Abara,ada@acme.example,Engineer,Gwen Quist,yes,ada
1002,José,Castillo,jose@acme.example,Designer,Gwen Quist,yes,jcastillo

A person is known by employee id, else by the first e-mail address, else by the nickname. Rows that name nobody, hold
a bad e-mail address or contradict each other are listed and change nobody (exit 3). When more than half of the
source's people are missing from the file, you are asked, or --yes is needed.
"""


@app.command("import", help=_IMPORTING)
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV, JSON or XLSX file.", metavar="FILE")],
    source: Annotated[
        str,
        typer.Option(help="Whose list it is; importing it again updates and removes its own people only."),
    ] = "people",
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help='What a column is, such as "Login=bitbucketNickname"; "Login=" ignores it. Repeatable.',
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep unknown columns as properties, too.")] = False,
    sheet: Annotated[
        str | None, typer.Option(help="The sheet of an XLSX file; the first by default.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Import a list of people; importing a newer one updates, adds and removes."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.people.desk import ImportOptions  # noqa: PLC0415

    options = ImportOptions(source, tuple(column or ()), keep, sheet, dry_run)
    with open_app() as opened:
        done = opened.people.import_file(file, options, lambda found: yes or _agreed(found))
    show_import(done, as_json=as_json)
    if done.plan.rejected:
        raise typer.Exit(EXIT_PARTIAL)


@app.command("list")
def list_(
    source: FromSource = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List people, each with the Bitbucket users they are."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        found = opened.people.all(source)
    show_people(found[:limit], as_json=as_json)
    if len(found) > limit:
        warn(f"The first {limit:,} of {len(found):,} people; --limit shows others.")


@app.command()
def show(who: Who, source: FromSource = None, as_json: Json = False) -> None:
    """Show all that is known of a person."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        show_person(opened.people.find(who, source), as_json=as_json)


@app.command()
def add(
    first_name: Annotated[str, typer.Option(help="The given name.")] = "",
    last_name: Annotated[str, typer.Option(help="The family name.")] = "",
    email: Annotated[list[str] | None, typer.Option(help="An e-mail address; repeatable.")] = None,
    employee_id: Annotated[str, typer.Option(help="The employee's number.")] = "",
    nickname: Annotated[str, typer.Option(help="The nickname in Bitbucket.")] = "",
    setting: Setting = None,
    source: Annotated[str, typer.Option(help="The source to add to.")] = "manual",
    as_json: Json = False,
) -> None:
    """Add a person by hand.

    In a source that is imported the person goes with its next import; `manual` is nobody's but yours.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.people.desk import read_facts  # noqa: PLC0415

    given = {
        "firstName": first_name,
        "lastName": last_name,
        "employeeId": employee_id,
        "bitbucketNickname": nickname,
    }
    pairs = [*given.items(), *(("email", one) for one in email or ()), *_settings(setting)]
    facts = {name: value for name, value in read_facts(pairs).items() if value is not None}
    with open_app() as opened:
        listed, report = opened.people.add(facts, source)
    _show_changed("Added", listed, report, as_json=as_json)


@app.command()
def edit(who: Who, setting: Setting = None, source: FromSource = None, as_json: Json = False) -> None:
    """Change properties of a person: --set title=Lead, or --set title= to forget it.

    What a list says comes back with the next import of that list: correct the list as well.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.people.desk import BY_HAND, read_facts  # noqa: PLC0415

    facts = read_facts(_settings(setting))
    if not facts:
        raise ConfigError("There is nothing to change.", hint="Give --set property=value.")
    with open_app() as opened:
        listed, report = opened.people.edit(who, facts, source)
    _show_changed("Changed", listed, report, as_json=as_json)
    if listed.source != BY_HAND and not as_json:
        say(
            f"The next import of {listed.source} sets this person to what its file says: correct it there, too."
        )


@app.command()
def remove(who: Who, source: FromSource = None, yes: Yes = False, as_json: Json = False) -> None:
    """Remove a person; the history stays. A list that still holds the person brings them back.

    A whole source goes with `bucketgraph integration remove SOURCE`.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        listed = opened.people.find(who, source)
        if not yes:
            _confirm(f"Remove {listed.person.name} ({listed.person.key})?")
        report = opened.people.remove(listed)
    _show_changed("Removed", listed, report, as_json=as_json)


@app.command()
def sources(as_json: Json = False) -> None:
    """List where people come from."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        show_sources(opened.people.sources(), as_json=as_json)


@app.command()
def unmapped(as_json: Json = False) -> None:
    """List users who are nobody known, people without a user, and who may be whom.

    Suggestions are made from names, nicknames and e-mail addresses that look alike. None is ever applied by itself.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        show_unmapped(opened.people.unmapped(), as_json=as_json)


@rules_app.command("list")
def list_rules(as_json: Json = False) -> None:
    """List the mapping rules, and which are on."""
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.people.mapping import RULES  # noqa: PLC0415

    with open_app() as opened:
        on = opened.people.rules()
    if as_json:
        show_json([{"id": r.id, "enabled": r.id in on, "rule": str(r), "meaning": r.meaning} for r in RULES])
        return
    rows = [(r.id, "on" if r.id in on else "off", str(r), r.meaning) for r in RULES]
    console().print(table(None, ["id", "", "rule", "meaning"], rows))


@rules_app.command()
def enable(rule: Annotated[str, typer.Argument(help="The rule's id.")], as_json: Json = False) -> None:
    """Switch a rule on, and map anew."""
    _switch(rule, on=True, as_json=as_json)


@rules_app.command()
def disable(rule: Annotated[str, typer.Argument(help="The rule's id.")], as_json: Json = False) -> None:
    """Switch a rule off, and map anew: relationships that only it makes end."""
    _switch(rule, on=False, as_json=as_json)


def _switch(rule: str, *, on: bool, as_json: bool) -> None:
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        report = opened.people.set_rule(rule, on=on)
    if as_json:
        show_json({"id": rule, "enabled": on, "mapping": plain_mapping(report)})
        return
    say(f"The rule {rule} is {'on' if on else 'off'} now.")
    show_mapping(report)


def _show_changed(what: str, listed: Listed, report: MappingReport, *, as_json: bool) -> None:
    if as_json:
        show_json({what.lower(): plain_person(listed), "mapping": plain_mapping(report)})
        return
    say(f"{what} {listed.person.name} ({listed.person.key}).")
    show_mapping(report)


def _settings(texts: list[str] | None) -> list[tuple[str, str]]:
    found = []
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--set {text!r} sets nothing.", hint="Write property=value, such as title=Lead."
            )
        found.append((name.strip(), value))
    return found


def _agreed(found: ImportPlan) -> bool:
    """Ask whether most of a source's people are to go; nobody there means no."""
    if not sys.stdin.isatty():
        return False
    return typer.confirm(
        f"{len(found.removed):,} of the {found.had:,} people of {found.source} are not in the file. Remove them?"
    )


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is there to confirm the removal.", hint="Add --yes to remove without asking."
        )
    if not typer.confirm(question):
        raise ConfigError("Nothing was removed.")
