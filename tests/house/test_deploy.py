"""What stands in `deploy/` is held to the program: commands, options, settings, port; and to being closed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from ruamel.yaml import YAML

from bucketgraph import cli
from bucketgraph.settings import OTHER_VARIABLES, declared

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGES = (ROOT / "docs/deployment.md", ROOT / "docs/backup.md")
UNITS = sorted(path.name for path in DEPLOY.glob("bucketgraph*.service"))
COMMAND: Any = typer.main.get_command(cli.app)


def dockerfile() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments, comments left out."""
    text = "\n".join(line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line[:1] != "#")
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.strip().partition(" ") for line in lines) if name]


def last(instruction: str) -> str:
    """Return the arguments of the last instruction of a name: the one that counts."""
    return [rest for name, rest in dockerfile() if name == instruction][-1]


def compose() -> Any:
    return YAML(typ="safe").load(DEPLOY / "compose.yaml")


def unit(name: str) -> dict[str, list[str]]:
    """Return a unit's values by key, as often as each is given."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and line[0] not in "#[":
            found.setdefault(key, []).append(value)
    return found


def command_lines() -> Iterator[list[str]]:
    """Yield what is run with `bucketgraph`, in all files and pages."""
    yield json.loads(last("CMD"))
    yield compose()["services"]["bucketgraph"]["command"]
    for path in (*DEPLOY.iterdir(), *PAGES):
        if path.is_file():
            for line in re.findall(
                r"(?:^|bin/|bucketgraph )bucketgraph ([a-z]+.*)$", path.read_text(), re.MULTILINE
            ):
                yield shlex.split(line.rstrip("'"))


def options(words: list[str]) -> tuple[click.Command, set[str]]:
    """Return the command that words name, and the options among them."""
    command: Any = COMMAND
    rest = list(words)
    while hasattr(command, "commands"):
        assert rest[0] in command.commands, words
        command = command.commands[rest.pop(0)]
    return command, {word.partition("=")[0] for word in rest if word.startswith("--")}


def test_every_command_and_option_in_the_files_is_one_of_the_program() -> None:
    lines = list(command_lines())
    assert len(lines) > 8
    for words in lines:
        command, used = options(words)
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
        assert used <= known, words


def test_every_variable_in_the_files_is_a_setting() -> None:
    known = {*(name.upper() for name in declared()), *OTHER_VARIABLES}
    files = [*(path for path in DEPLOY.iterdir() if path.is_file()), *PAGES]
    named = {name for file in files for name in re.findall(r"BUCKETGRAPH_([A-Z_]*[A-Z])\b", file.read_text())}
    assert named - {"NAME", "HOEM", "PORT"} <= known  # a placeholder, and examples of what is none
    assert {"HOME", "SECRET_KEY_FILE"} <= named


def test_the_settings_in_the_example_of_config_toml_exist() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGES[0].read_text(), re.DOTALL)
    assert set(re.findall(r"^([a-z_]+) =", example, re.MULTILINE)) <= set(declared())


def test_the_port_is_everywhere_the_programs_own() -> None:
    (port,) = [param.default for param in COMMAND.commands["serve"].params if param.name == "port"]
    assert last("EXPOSE") == str(port)
    assert f"'127.0.0.1', {port}" in last("HEALTHCHECK")
    assert f"--port {port}" in unit("bucketgraph.service")["ExecStart"][0]
    assert str(port) in compose()["services"]["bucketgraph"]["command"]
    assert set(re.findall(r"127\.0\.0\.1:(\d{4,5})", PAGES[0].read_text())) == {str(port)}


def test_nothing_is_published_beyond_this_computer() -> None:
    service = compose()["services"]["bucketgraph"]
    assert all(one.startswith("127.0.0.1:") for one in service["ports"])
    assert "network_mode" not in service
    assert "--host 127.0.0.1" in unit("bucketgraph.service")["ExecStart"][0]


def test_the_container_is_nobody_special_and_writes_only_its_volume() -> None:
    service = compose()["services"]["bucketgraph"]
    assert last("USER") == service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & set(service)
    home = dict(one.split("=", 1) for one in last("ENV").split())["BUCKETGRAPH_HOME"]
    assert [one.split(":")[1] for one in service["volumes"]] == [home] == [last("VOLUME")]


def test_the_container_gets_signals_itself() -> None:
    assert json.loads(last("ENTRYPOINT")) == ["bucketgraph"]
    assert json.loads(last("CMD"))[:1] == ["serve"]
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert check[:2] == ["python", "-c"]
    compile(check[2], "healthcheck", "exec")


def test_secrets_come_from_files_alone() -> None:
    made = compose()
    service = made["services"]["bucketgraph"]
    assert set(service["environment"]) <= {f"BUCKETGRAPH_{name.upper()}" for name in declared()}
    assert not {"BUCKETGRAPH_SECRET_KEY", "BUCKETGRAPH_DATABASE_URL"} & set(service["environment"])
    assert [set(one) for one in made["secrets"].values()] == [{"file"}]
    assert service["environment"]["BUCKETGRAPH_SECRET_KEY_FILE"] == f"/run/secrets/{service['secrets'][0]}"
    for text in (path.read_text() for path in DEPLOY.iterdir() if path.is_file()):
        assert not re.search(
            r"(?i)(password|token|secret_key|client_secret)\s*[=:]\s*['\"]?[A-Za-z0-9+/_-]{12,}", text
        )


@pytest.mark.parametrize("name", UNITS)
def test_the_units_are_hardened(name: str) -> None:
    found = unit(name)
    wanted = {
        "User": "bucketgraph",
        "UMask": "0077",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "CapabilityBoundingSet": "",
        "SystemCallFilter": "@system-service",
    }
    assert {key: found[key][0] for key in wanted} == wanted
    assert "bucketgraph" in found["StateDirectory"][0].split()
    assert "Environment" in found
    assert found["Environment"] == ["BUCKETGRAPH_HOME=/var/lib/bucketgraph"]


def test_the_server_is_stopped_as_it_wants_to_be_and_started_again() -> None:
    found = unit("bucketgraph.service")
    assert found["KillSignal"] == ["SIGTERM"]
    assert found["Restart"] == ["on-failure"]
    assert int(found["TimeoutStopSec"][0]) >= 30
    assert compose()["services"]["bucketgraph"]["restart"] == "unless-stopped"


def test_only_what_the_image_is_built_from_is_sent_to_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    allowed = {line[1:] for line in lines if line[0] == "!"}
    copied = {
        word
        for name, rest in dockerfile()
        if name == "COPY" and "--from" not in rest
        for word in rest.split()[:-1]
    }
    assert lines[0] == "*"
    assert allowed == copied == {"pyproject.toml", "README.md", "LICENSE", "src"}


def test_the_image_is_of_a_python_that_the_program_runs_on() -> None:
    bases = {rest.split()[0] for name, rest in dockerfile() if name == "FROM"}
    assert bases == {"python:3.13-slim"}
