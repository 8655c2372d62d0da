"""Mapped relationships: found among the import's entities, or created as described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exchange.folderkit import Desk, entity, mapped, told, write

USER = entity("u", "user", "User")
ANN = entity("ann", "person", "Person", email=["ann@x", "a@x"], name="Ann")
BOB = entity("bob", "person", "Person", email=["bob@x"], name="Ann")


def _take(desk: Desk, tmp_path: Path, *edges: dict[str, Any]) -> dict[str, str]:
    run = desk.take(write(tmp_path / "in", [USER, ANN, BOB], edges))
    assert told(run) == {}
    return {one.key: one.type for one in desk.edges().values()}


def test_the_target_is_found_by_key(desk: Desk, tmp_path: Path) -> None:
    found = _take(desk, tmp_path, mapped("u", {"_type": "person", "_key": "ann"}))
    assert found == {"u|is|ann": "user_is_person"}


def test_the_first_alternative_that_finds_something_links_to_all_it_finds(desk: Desk, tmp_path: Path) -> None:
    target = {"_type": "person", "_key": "x", "email": "nobody@x", "name": "Ann"}
    filters = [["_type", "email"], ["_type", "name"], ["_key"]]
    found = _take(desk, tmp_path, mapped("u", target, targetFilterKeys=filters))
    assert found.keys() == {"u|is|ann", "u|is|bob"}


def test_a_list_has_a_value_when_one_of_its_elements_is_equal(desk: Desk, tmp_path: Path) -> None:
    target = {"_type": "person", "email": "a@x"}
    _take(desk, tmp_path, mapped("u", target, targetFilterKeys=[["email"]]))
    (one,) = desk.edges().values()
    assert (one.from_key, one.to_key) == ("u", "ann")


def test_the_direction_may_be_reversed(desk: Desk, tmp_path: Path) -> None:
    _take(desk, tmp_path, mapped("u", {"_type": "person", "_key": "ann"}, relationshipDirection="REVERSE"))
    (one,) = desk.edges().values()
    assert (one.from_key, one.to_key, one.type) == ("ann", "u", "person_is_user")


def test_a_target_that_is_not_there_is_created_once_with_what_all_say(desk: Desk, tmp_path: Path) -> None:
    one = mapped("u", {"_type": "vendor", "_key": "v", "_class": "Vendor", "name": "V", "x": None})
    other = mapped("ann", {"_type": "vendor", "_key": "v", "name": "W", "url": "https://v"})
    found = _take(desk, tmp_path, one, other)
    assert found == {"u|is|v": "user_is_vendor", "ann|is|v": "person_is_vendor"}
    vendor = desk.entities()["v"]
    assert (vendor.type, vendor.classes, dict(vendor.properties)) == (
        "vendor",
        ("Vendor",),
        {"name": "V", "url": "https://v"},
    )


def test_a_created_target_without_class_gets_one(desk: Desk, tmp_path: Path) -> None:
    _take(desk, tmp_path, mapped("u", {"_type": "vendor", "_key": "v"}))
    assert desk.entities()["v"].classes == ("Entity",)


def test_a_created_target_goes_with_the_last_mapping_that_names_it(desk: Desk, tmp_path: Path) -> None:
    _take(desk, tmp_path, mapped("u", {"_type": "vendor", "_key": "v"}))
    _take(desk, tmp_path)
    assert "v" not in desk.entities()


def test_nothing_is_created_where_that_is_not_wanted(desk: Desk, tmp_path: Path) -> None:
    found = _take(desk, tmp_path, mapped("u", {"_type": "vendor", "_key": "v"}, skipTargetCreation=True))
    assert found == {}
    assert "v" not in desk.entities()


@pytest.mark.parametrize(
    "mapping",
    [
        {"sourceEntityKey": 7},
        {"targetEntity": None},
        {"targetFilterKeys": 7},
        {"targetFilterKeys": [[7]]},
        {"targetEntity": {"_type": "vendor"}},
        {"targetEntity": {"_key": "v", "_type": " "}},
        {"targetEntity": {"_key": "v", "_type": 7, "_class": 7}},
    ],
)
def test_a_mapping_that_cannot_be_read_is_reported(
    desk: Desk, tmp_path: Path, mapping: dict[str, Any]
) -> None:
    bad = mapped("u", {"_type": "vendor", "_key": "v"}, **mapping)
    run = desk.take(write(tmp_path / "in", [USER], [bad]))
    assert told(run)["invalid-object"] == ["graph/step-one/relationships/one.json relationships[0]"]
    assert desk.edges() == {}


def test_a_mapping_from_an_unknown_source_dangles(desk: Desk, tmp_path: Path) -> None:
    run = desk.take(write(tmp_path / "in", [ANN], [mapped("nobody", {"_type": "person", "_key": "ann"})]))
    assert told(run) == {"dangling": ["graph/step-one/relationships/one.json relationships[0]"]}


HOST = entity("h", "host", ["Host", "Device"], owner="ann")


@pytest.mark.parametrize("kind", ["host", "server"])
def test_an_entity_that_is_kept_is_the_target_and_stays_as_it_is(
    desk: Desk, tmp_path: Path, kind: str
) -> None:
    desk.take(write(tmp_path / "in", [USER, HOST]))
    edge = mapped("u", {"_type": kind, "_key": "h", "_class": "Host"}, targetFilterKeys=[["_type", "_key"]])
    run = desk.take(write(tmp_path / "in", [USER], [edge], partial=["host"]))
    assert told(run) == {"partial-type": ["host"]}
    host = desk.entities()["h"]
    assert (host.type, host.classes, host.properties["owner"]) == ("host", ("Host", "Device"), "ann")
    assert host.version == 1
    assert [(one.from_key, one.to_key) for one in desk.edges().values()] == [("u", "h")]


def test_an_entity_that_is_kept_is_found_by_its_properties(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [USER, HOST]))
    edge = mapped("u", {"owner": "ann"}, targetFilterKeys=[["owner"]], skipTargetCreation=True)
    desk.take(write(tmp_path / "in", [USER], [edge], partial=["host"]))
    assert [one.to_key for one in desk.edges().values()] == ["h"]


def test_a_target_takes_the_place_of_an_entity_that_is_gone(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [USER, HOST]))
    edge = mapped("u", {"_type": "server", "_key": "h", "_class": "Host"})
    desk.take(write(tmp_path / "in", [USER], [edge], partial=["server"]))
    assert desk.entities()["h"].type == "server"
    assert [one.to_key for one in desk.edges().values()] == ["h"]


def test_a_target_that_is_new_is_created_beside_a_partial_type(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [USER, HOST]))
    edge = mapped("u", {"_type": "host", "_key": "other", "_class": "Host"})
    desk.take(write(tmp_path / "in", [USER], [edge], partial=["host"]))
    assert desk.entities().keys() == {"u", "h", "other"}
    assert [one.to_key for one in desk.edges().values()] == ["other"]


@pytest.mark.parametrize(
    "fields",
    [
        {"_mapping": {"sourceEntityKey": "u", "targetEntity": {"_key": "v"}}},
        {"_mapping": {"sourceEntityKey": 7}},
        {"_mapping": "vendor"},
        {"_class": None},
    ],
)
def test_a_mapping_that_cannot_be_read_deletes_nothing(
    desk: Desk, tmp_path: Path, fields: dict[str, Any]
) -> None:
    good = mapped("u", {"_type": "vendor", "_key": "v"})
    desk.take(write(tmp_path / "in", [USER, ANN], [good]))
    run = desk.take(write(tmp_path / "in", [USER], [{**good, **fields}]))
    assert told(run) == {
        "partial-folder": ["graph"],
        "invalid-object": ["graph/step-one/relationships/one.json relationships[0]"],
    }
    assert desk.entities().keys() == {"u", "ann", "v"}
    assert [one.to_key for one in desk.edges().values()] == ["v"]


def test_beside_a_mapping_that_cannot_be_read_others_find_what_stays(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [USER, HOST]))
    found = mapped("u", {"_type": "host", "_key": "h", "_class": "Host"})
    desk.take(write(tmp_path / "in", [USER], [found, mapped("u", {"_key": "nobody"})]))
    assert desk.entities()["h"].version == 1
    assert [one.to_key for one in desk.edges().values()] == ["h"]
