"""People: who is mapped to which user and who is not, the list, and adding, changing and removing somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from bucketgraph.errors import BucketgraphError, ConfigError, Unknown
from bucketgraph.graph.values import Value
from bucketgraph.j1ql.results import public_id
from bucketgraph.people.desk import BY_HAND, Listed, read_facts
from bucketgraph.people.mapping import ACCOUNT_ID, NICKNAME
from bucketgraph.people.suggest import Suggestion
from bucketgraph.web.answers import Answer
from bucketgraph.web.showing import Chip, chip
from bucketgraph.web.visit import Page, Visit

_MOST: Final = 100
_PAGE: Final = 50
_FIELDS: Final = (
    ("firstName", "First name", ""),
    ("lastName", "Last name", ""),
    ("email", "E-mail addresses", "Several are separated by commas."),
    ("employeeId", "Employee id", ""),
    ("title", "Title", ""),
    ("manager", "Manager", ""),
    ("bitbucketNickname", "Bitbucket nickname", "Equal to a user's nickname it makes the two one."),
    ("bitbucketAccountId", "Atlassian account id", ""),
)
"""What a person can enter of somebody: property, words, explanation."""


class Guess(NamedTuple):
    """A user who may be a person."""

    user: Chip
    person: Chip
    percent: int
    reason: str
    user_id: str
    person_key: str


class Somebody(NamedTuple):
    """A person in the list."""

    chip: Chip
    source: str
    email: str
    users: tuple[Chip, ...]
    edit: str


class Field(NamedTuple):
    """A field of the form."""

    name: str
    label: str
    help: str
    value: str


def mapping(visit: Visit) -> Answer:
    """Show who is whom, who is not known, and who may be whom."""
    desk = visit.app.people
    found, people = desk.unmapped(), desk.all()
    return visit.page(
        "people.html",
        title="People",
        here="people",
        tab="mapping",
        people=len(people),
        mapped=len({user.id for one in people for user in one.users}),
        users_without=len(found.users),
        people_without=len(found.people),
        users=[chip(one) for one in found.users[:_MOST]],
        unmapped=[chip(one) for one in found.people[:_MOST]],
        doubts=[
            (one.kind, chip(one.of), [chip(other) for other in one.others]) for one in found.doubts[:_MOST]
        ],
        guesses=[_guess(one) for one in found.suggestions[:_MOST]],
        sources=desk.sources(),
    )


def listing(visit: Visit) -> Answer:
    """List people by name."""
    text = visit.asked("q")[:200].casefold()
    found = [one for one in visit.app.people.all() if _fits(one, text)]
    offset = int(visit.asked("offset", "0")) if visit.asked("offset", "0").isdecimal() else 0
    return visit.page(
        "people_list.html",
        title="People",
        here="people",
        tab="list",
        asked=visit.asked("q")[:200],
        rows=[_somebody(one) for one in found[offset : offset + _PAGE]],
        offset=offset,
        total=len(found),
        size=_PAGE,
    )


def new(visit: Visit) -> Answer:
    """Show the form for somebody new."""
    return _form(visit, "Add somebody", "/people/new", {})


def add(visit: Visit) -> Answer:
    """Add somebody by hand."""
    try:
        facts = {name: value for name, value in _facts(visit).items() if value is not None}
        listed, report = visit.app.people.add(facts, BY_HAND)
    except BucketgraphError as error:
        return _form(visit, "Add somebody", "/people/new", visit.form, error=error)
    return visit.redirect(
        f"/entities/{public_id(listed.person.id)}", toast=_done("Added", listed, report.created)
    )


def edit(visit: Visit) -> Answer:
    """Show the form of somebody known."""
    listed = _known(visit)
    return _form(
        visit, f"Change {listed.person.name[:80]}", _address(listed), _entered(listed), listed=listed
    )


def change(visit: Visit) -> Answer:
    """Change what is known of somebody."""
    listed = _known(visit)
    try:
        changed, report = visit.app.people.edit(listed.person.key, _facts(visit), listed.source)
    except BucketgraphError as error:
        title = f"Change {listed.person.name[:80]}"
        return _form(visit, title, _address(listed), visit.form, listed=listed, error=error)
    return visit.redirect(
        f"/entities/{public_id(changed.person.id)}", toast=_done("Changed", changed, report.created)
    )


def ask_removal(visit: Visit) -> Answer:
    """Ask whether somebody is to be removed."""
    listed = _known(visit)
    title = f"Remove {listed.person.name[:80]}"
    return visit.page("people_remove.html", title=title, here="people", one=_somebody(listed))


def remove(visit: Visit) -> Answer:
    """Remove somebody; the history stays."""
    listed = _known(visit)
    visit.app.people.remove(listed)
    return visit.redirect("/people/list", toast=f"{listed.person.name[:80]} was removed.")


def accept(visit: Visit) -> Answer:
    """Note that a user is a person, as a suggestion says, so that a mapping rule joins them."""
    app = visit.app
    user = next(
        (one for one in app.people.unmapped().users if public_id(one.id) == visit.form.get("user")), None
    )
    if user is None:
        raise Unknown("This user is mapped by now, or gone.", hint="Look at the mapping again.")
    on = app.people.rules()
    rule = next(
        (one for one in (NICKNAME, ACCOUNT_ID) if one.id in on and one.source_property in user.properties),
        None,
    )
    if rule is None:
        raise ConfigError(
            "No mapping rule that is on would join the two.",
            hint="Switch the rule `nickname` or `account-id` on with `bucketgraph people rule`.",
        )
    facts: dict[str, Value | None] = {rule.target_property: user.properties[rule.source_property]}
    listed, report = app.people.edit(visit.form.get("person", ""), facts)
    return visit.redirect("/people", toast=_done("Mapped", listed, report.created))


def _facts(visit: Visit) -> dict[str, Value | None]:
    """Read the form; an empty field forgets its property."""
    pairs = []
    for name, _label, _help in _FIELDS:
        text = visit.form.get(name, "")
        pairs += [(name, one) for one in (text.split(",") if name == "email" else [text])]
    return read_facts(pairs)


def _form(
    visit: Visit,
    title: str,
    action: str,
    entered: Mapping[str, str],
    *,
    listed: Listed | None = None,
    error: BucketgraphError | None = None,
) -> Answer:
    fields = [Field(name, label, told, entered.get(name, "")) for name, label, told in _FIELDS]
    status = error.http_status if error else 200
    return visit.page(
        "people_form.html",
        title=title,
        here="people",
        status=status,
        action=action,
        fields=fields,
        error=error,
        source=listed.source if listed else None,
        removal=f"{_address(listed)[: -len('/edit')]}/remove" if listed else "",
    )


def _known(visit: Visit) -> Listed:
    try:
        return visit.app.people.find(visit.path["id"])
    except ConfigError as error:
        raise Unknown(error.message, hint="Look for them in the list of people.") from None


def _address(listed: Listed) -> str:
    return f"/people/{public_id(listed.person.id)}/edit"


def _entered(listed: Listed) -> dict[str, str]:
    found = {}
    for name, value in listed.person.properties.items():
        found[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _somebody(listed: Listed) -> Somebody:
    emails = listed.person.properties.get("email", [])
    shown = ", ".join(map(str, emails)) if isinstance(emails, list) else str(emails)
    return Somebody(
        chip(listed.person), listed.source, shown, tuple(chip(one) for one in listed.users), _address(listed)
    )


def _fits(listed: Listed, text: str) -> bool:
    person = listed.person
    return not text or any(text in str(one).casefold() for one in (person.name, *person.properties.values()))


def _guess(one: Suggestion) -> Guess:
    percent = round(one.score * 100)
    return Guess(
        chip(one.user), chip(one.person), percent, one.reason, public_id(one.user.id), one.person.key
    )


def _done(what: str, listed: Listed, created: int) -> str:
    more = (
        f" {created} new {'relationship' if created == 1 else 'relationships'} to users." if created else ""
    )
    return f"{what}: {listed.person.name[:80]}.{more}"


PAGES = (
    Page("GET", "/people", "viewer", mapping),
    Page("GET", "/people/list", "viewer", listing),
    Page("GET", "/people/new", "editor", new),
    Page("POST", "/people/new", "editor", add),
    Page("POST", "/people/accept", "editor", accept),
    Page("GET", "/people/{id}/edit", "editor", edit),
    Page("POST", "/people/{id}/edit", "editor", change),
    Page("GET", "/people/{id}/remove", "editor", ask_removal),
    Page("POST", "/people/{id}/remove", "editor", remove),
)
