"""Importing lists: what comes, changes and goes, per source; what is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from people.peoplekit import HEAD, Home, Stopwatch, csv

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.integrations.configuration import NewIntegration
from bucketgraph.people.desk import ImportOptions

ADA, BOB, CY, DI = (
    (1, "Ada", "ada@x.example", "ada"),
    (2, "Bob", "", "bob"),
    (3, "Cy", "", ""),
    (4, "Di", "", ""),
)


def test_a_list_creates_updates_and_removes_its_own_people(desk: Home) -> None:
    desk.load(csv(ADA, BOB, CY))
    done = desk.load(csv(ADA, (2, "Robert", "", "bob"), DI))
    assert done.run is not None
    assert done.run.status == "COMPLETED"
    plan = done.plan
    assert [one.name for one in plan.created] == ["Di"]
    assert [one.name for one in plan.removed] == ["Cy"]
    assert [(one.before["displayName"], one.after["displayName"]) for one in plan.updated] == [
        ("Bob", "Robert")
    ]
    assert plan.unchanged == 1
    assert desk.names() == ["Ada", "Di", "Robert"]


def test_sources_do_not_touch_each_other(desk: Home) -> None:
    desk.load(csv(ADA, BOB), "hr")
    desk.load(csv(ADA), "contractors")
    desk.load(csv(ADA), "hr")
    assert (desk.names("hr"), desk.names("contractors")) == (["Ada"], ["Ada"])
    assert [one.integration.name for one in desk.app.people.sources()] == ["contractors", "hr"]
    assert desk.app.registry.all() == []


def test_the_same_list_again_changes_nothing(desk: Home) -> None:
    desk.load(csv(ADA, BOB))
    cursor = desk.store.last_publication()
    done = desk.load(csv(BOB, ADA))
    assert (done.plan.changes, done.plan.unchanged) == (False, 2)
    assert desk.store.last_publication() == cursor


def test_a_dry_run_changes_nothing_and_makes_no_source(desk: Home) -> None:
    done = desk.load(csv(ADA), dry_run=True)
    assert (done.run, len(done.plan.created)) == (None, 1)
    assert desk.app.people.sources() == []
    desk.load(csv(ADA, BOB, CY))
    assert desk.load(csv(ADA), dry_run=True).plan.drastic
    assert desk.names() == ["Ada", "Bob", "Cy"]


def test_rejected_rows_delete_and_change_nobody(desk: Home) -> None:
    desk.load(csv(ADA, BOB, CY, DI))
    text = csv((1, "Ada", "broken", "ada"), (2, "Bob", "", "bob"), (2, "Rob", "", "x"), CY)
    done = desk.load(text)
    assert done.run is not None
    assert done.run.status == "COMPLETED_WITH_ERRORS"
    assert [one.row for one in done.plan.rejected] == [2, 3, 4]
    assert [one.name for one in done.plan.kept] == ["Ada", "Bob"]
    assert desk.names() == ["Ada", "Bob", "Cy"]
    assert [problem.scope for problem in done.run.report.problems] == ["row 2", "row 3", "row 4"]


def test_more_than_half_go_only_when_agreed(desk: Home) -> None:
    desk.load(csv(ADA, BOB, CY, DI))
    assert desk.load(csv(ADA, BOB)).plan.drastic is False
    desk.load(csv(ADA, BOB, CY, DI))
    with pytest.raises(ConfigError, match=r"3 of the 4 people of 'people' are not in staff\.csv") as error:
        desk.load(csv(ADA))
    assert "--yes" in error.value.hint
    assert len(desk.names()) == 4
    desk.load(csv(ADA), yes=True)
    assert desk.names() == ["Ada"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "No column says who somebody is (found: no heading)"),
        ("Name,Title\nAda,Lead\n", "No column says who somebody is (found: Name, Title)"),
        (HEAD, "staff.csv holds nobody who can be used (0 of 0 rows were rejected)"),
        (HEAD + ",Ada,,\n", "(1 of 1 rows were rejected; the first: row 2, it has no employee id"),
        (HEAD + '1,"Ada,,\n', "staff.csv cannot be read from line 2 on"),
    ],
)
def test_a_file_that_is_of_no_use_changes_nothing_even_when_agreed(desk: Home, text: str, told: str) -> None:
    desk.load(csv(ADA))
    cursor = desk.store.last_publication()
    with pytest.raises(ConfigError) as error:
        desk.load(text, yes=True)
    assert told in error.value.message
    assert "nothing was changed" in error.value.message
    assert desk.store.last_publication() == cursor
    with pytest.raises(ConfigError):
        desk.load(text, "fresh", yes=True)
    assert [one.integration.name for one in desk.app.people.sources()] == ["people"]


def test_names_of_sources_are_checked(desk: Home) -> None:
    new = NewIntegration("acme", ["acme"], [Consumer("k", "s")])
    desk.app.registry.add(new)
    for name, told in (("acme", "already an integration named"), ("a:b", "colon"), (" ", "printable")):
        with pytest.raises(ConfigError, match=told):
            desk.load(csv(ADA), name)
    desk.load(csv(ADA), "hr")
    with pytest.raises(ConfigError, match="is a source of people"):
        desk.app.registry.find_collected("hr")


def test_one_change_of_a_source_at_a_time(desk: Home) -> None:
    desk.load(csv(ADA))
    (source,) = desk.app.registry.people_sources()
    with desk.app.registry.running(source), pytest.raises(Conflict):
        desk.load(csv(BOB), yes=True)
    assert desk.names() == ["Ada"]


def test_ten_thousand_rows_are_quick(desk: Home, tmp_path: Path) -> None:
    people = [(i, f"Näme {i}", f"p{i}@x.example", f"nick{i}") for i in range(10_000)]
    text = csv(*people, (5, "Other", "", ""), (6, "", "p7@x.example", ""), (10_001, "Bad", "bad", ""))
    path = tmp_path / "large.csv"
    path.write_bytes(text.encode("cp1252"))
    desk.users("acme", **{f"u{i}": f"nick{i * 2}" for i in range(5_000)})
    with Stopwatch() as first:
        done = desk.app.people.import_file(path, ImportOptions())
    assert (len(done.plan.created), len(done.plan.rejected)) == (9_997, 6)
    assert "cp1252" in done.plan.warnings[0]
    assert done.mapping is not None
    assert done.mapping.links == 4_999
    with Stopwatch() as again:
        assert desk.app.people.import_file(path, ImportOptions()).plan.changes is False
    assert first.seconds < 30
    assert again.seconds < 15


def test_an_export_of_everything_holds_people_and_who_they_are(desk: Home, tmp_path: Path) -> None:
    desk.users("acme", ada="ada")
    desk.load(csv(ADA))
    done = desk.app.export_folder(tmp_path / "out")
    assert (done.entities, done.relationships, done.partial_types) == (3, 2, ())
    assert desk.app.export_folder(tmp_path / "one", "acme").relationships == 1
