"""`bucketgraph integration …`: which Bitbucket is collected, with which OAuth consumer, when, and what of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli import integration_removal, integration_view, run
from bucketgraph.cli.credentials import SECRET_VARIABLE, read_consumers
from bucketgraph.cli.output import console, messages, plain, show_json
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.app import App
    from bucketgraph.bitbucket.oauth import Consumer
    from bucketgraph.integrations.configuration import (
        Changes,
        Config,
        Entered,
        Integration,
        Polling,
        TagValue,
    )

app = typer.Typer(
    no_args_is_help=True, help="Add, change, test, list and remove integrations with Bitbucket Cloud."
)

Name = Annotated[str, typer.Argument(help="The account name you gave the integration.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]
SecretFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--oauth-secret-file",
        help="A file that holds the consumer's secret, one for each key. Else the secret comes from "
        f"{SECRET_VARIABLE}, or you are asked for it.",
    ),
]
ConsumerFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--consumer-file",
        help="A file with a consumer's key in its first line and the secret in its second; repeatable.",
    ),
]
Interval = Annotated[
    str | None,
    typer.Option(
        "--polling",
        help="How often it is collected by itself: DISABLED, THIRTY_MINUTES, ONE_HOUR, FOUR_HOURS, EIGHT_HOURS, "
        "TWELVE_HOURS, ONE_DAY (if you say nothing) or ONE_WEEK.",
    ),
]
Hour = Annotated[int | None, typer.Option(help="The hour of ONE_DAY or ONE_WEEK, 0 to 23 in UTC.")]
Weekday = Annotated[
    str | None, typer.Option(help="The weekday of ONE_WEEK: Sunday to Saturday, or 0 to 6 with 0 for Sunday.")
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", help="Key=Value for every entity, as tag.Key; true and false are booleans; repeatable."
    ),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="id=off or id=on of an ingestion source (see `sources`); repeatable."),
]
Since = Annotated[
    str | None, typer.Option(help="On the first walk leave out what was closed before this day: 2026-01-31.")
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The account name you know this Bitbucket by.")],
    workspace: Annotated[
        list[str], typer.Option("--workspace", "-w", help="A workspace's name; repeatable.")
    ],
    oauth_key: Annotated[
        list[str] | None, typer.Option("--oauth-key", help="An OAuth consumer's key; repeatable.")
    ] = None,
    oauth_secret_file: SecretFiles = None,
    consumer_file: ConsumerFiles = None,
    description: Annotated[str, typer.Option(help="What this integration is for.")] = "",
    polling: Interval = None,
    hour: Hour = None,
    weekday: Weekday = None,
    tag_account_name: Annotated[
        bool, typer.Option("--tag-account-name", help="Give every entity the name as tag.AccountName.")
    ] = False,
    tag: Tags = None,
    source: Sources = None,
    since: Since = None,
    paused: Annotated[bool, typer.Option("--paused", help="Begin without scheduled runs.")] = False,
    api_url: Annotated[
        str, typer.Option(help="Another origin for API calls (a proxy): scheme and host only.")
    ] = "https://api.bitbucket.org",
    oauth_url: Annotated[
        str, typer.Option(help="Another origin for the token endpoint: scheme and host only.")
    ] = "https://bitbucket.org",
    as_json: Json = False,
) -> None:
    """Add an integration.

    In Bitbucket: workspace settings, OAuth consumers, Add consumer; tick "This is a private consumer", enter any
    callback URL, and tick Read for Account, Projects and Pull requests. The secret is never taken from the
    command line, where other users of this computer could read it.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.integrations.configuration import NewIntegration, Polling  # noqa: PLC0415
    from bucketgraph.integrations.validity import valid_config  # noqa: PLC0415

    new = NewIntegration(
        name,
        workspace,
        read_consumers(oauth_key or [], oauth_secret_file or [], consumer_file or []),
        description,
        api_url,
        oauth_url,
        polling=_polling(Polling(), polling, hour, weekday),
        paused=paused,
        tag_account_name=tag_account_name,
        tags=_tags(tag or []),
        sources=_sources(source or []),
        since=since,
    )
    valid_config(new)
    with open_app() as opened:
        integration = opened.registry.add(new)
        _show_changed(
            opened,
            integration,
            f"Added {name}. Next: bucketgraph integration test {quote(name)}",
            as_json=as_json,
        )


@app.command()
def edit(
    name: Name,
    rename: Annotated[str | None, typer.Option(help="A new account name.")] = None,
    description: Annotated[str | None, typer.Option(help="What this integration is for.")] = None,
    workspace: Annotated[
        list[str] | None,
        typer.Option("--workspace", "-w", help="The workspaces from now on, all of them; repeatable."),
    ] = None,
    oauth_key: Annotated[
        list[str] | None,
        typer.Option("--oauth-key", help="A consumer's key, to add it or to replace its secret; repeatable."),
    ] = None,
    oauth_secret_file: SecretFiles = None,
    consumer_file: ConsumerFiles = None,
    remove_oauth_key: Annotated[
        list[str] | None, typer.Option(help="The key of a consumer to forget; repeatable.")
    ] = None,
    polling: Interval = None,
    hour: Hour = None,
    weekday: Weekday = None,
    tag_account_name: Annotated[
        bool | None,
        typer.Option(
            "--tag-account-name/--no-tag-account-name", help="Give every entity the name as tag.AccountName."
        ),
    ] = None,
    tag: Tags = None,
    clear_tags: Annotated[bool, typer.Option(help="Take all tags away, before those of --tag.")] = False,
    source: Sources = None,
    since: Since = None,
    no_since: Annotated[bool, typer.Option("--no-since", help="Collect from the beginning.")] = False,
    api_url: Annotated[str | None, typer.Option(help="Another origin for API calls.")] = None,
    oauth_url: Annotated[str | None, typer.Option(help="Another origin for the token endpoint.")] = None,
    as_json: Json = False,
) -> None:
    """Change an integration; what is not named stays as it is.

    Another origin takes all secrets anew: stored ones never go to an address they were not entered for. Changed
    tags reach all entities with the next run, without asking Bitbucket again.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.integrations.configuration import Changes  # noqa: PLC0415

    consumers = read_consumers(oauth_key or [], oauth_secret_file or [], consumer_file or [])
    timed = (polling, hour, weekday) != (None, None, None)

    def changed(config: Config) -> Changes:
        return Changes(
            name=rename,
            description=description,
            polling=_polling(config.polling, polling, hour, weekday) if timed else None,
            workspaces=workspace or None,
            consumers=_consumers(config, consumers, remove_oauth_key or []),
            tag_account_name=tag_account_name,
            tags=({} if clear_tags else config.tags) | _tags(tag or []) if tag or clear_tags else None,
            sources=config.sources | _sources(source) if source else None,
            since="" if no_since else since,
            api_url=api_url,
            oauth_url=oauth_url,
        )

    with open_app() as opened:
        _change(opened, name, changed, entered=bool(consumers), as_json=as_json)


@app.command()
def pause(name: Name, as_json: Json = False) -> None:
    """Stop scheduled runs; the graph stays, and `sync` still works."""
    _set_paused(name, paused=True, as_json=as_json)


@app.command()
def resume(name: Name, as_json: Json = False) -> None:
    """Go on with scheduled runs."""
    _set_paused(name, paused=False, as_json=as_json)


@app.command()
def credentials(
    name: Name,
    oauth_secret_file: SecretFiles = None,
    as_json: Json = False,
) -> None:
    """Enter the secrets of all consumers again: after a lost key, or when they were reset in Bitbucket."""
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.integrations.configuration import Changes, Entered  # noqa: PLC0415

    with open_app() as opened:
        keys = opened.registry.find_collected(name).config.consumer_keys
        consumers = [
            Entered(one.key, one.secret) for one in read_consumers(keys, oauth_secret_file or [], [])
        ]
        _change(opened, name, Changes(consumers=consumers), entered=True, as_json=as_json)


app.command("list")(integration_view.list_all)
app.command("runs")(run.runs)
app.command("log")(run.log)
app.command("cancel")(run.cancel)
app.command("show")(integration_view.show)
app.command("sources")(integration_view.sources)
app.command("test")(integration_view.test)
app.command("remove")(integration_removal.remove)
app.command("removed")(integration_removal.removed)
app.command("purge")(integration_removal.purge)


def _set_paused(name: str, *, paused: bool, as_json: bool) -> None:
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.integrations.configuration import Changes  # noqa: PLC0415

    with open_app() as opened:
        opened.registry.find_collected(name)
        _change(opened, name, Changes(paused=paused), as_json=as_json)


def _change(
    opened: App,
    name: str,
    changes: Changes | Callable[[Config], Changes],
    *,
    entered: bool = False,
    as_json: bool,
) -> None:
    before = opened.registry.find(name)
    integration = opened.registry.update(name, changes)
    label = integration.name if integration.name == name else f"{name}, now {integration.name}"
    same = (integration.name, integration.description, integration.config)
    unchanged = same == (before.name, before.description, before.config) and not entered
    _show_changed(
        opened,
        integration,
        f"Nothing is different in {label}." if unchanged else f"Changed {label}.",
        as_json=as_json,
    )


def _show_changed(opened: App, integration: Integration, said: str, *, as_json: bool) -> None:
    """Say what was done, and warn of what the schedule cannot pay for."""
    collected = integration.config.kind == "bitbucket"
    warnings = opened.costs(integration).warnings if collected else ()
    if as_json:
        show_json(opened.shown(integration).facts() | {"warnings": warnings})
        return
    console().print(plain(said), markup=False, highlight=False)
    for warning in warnings:
        messages().print(f"warning {warning}", markup=False, highlight=False)


def _polling(present: Polling, interval: str | None, hour: int | None, weekday: str | None) -> Polling:
    """Return the schedule; another interval takes hour and weekday away unless they are given."""
    from bucketgraph.integrations.configuration import Polling  # noqa: PLC0415
    from bucketgraph.integrations.fields import valid_interval, weekday_of  # noqa: PLC0415

    chosen = present.interval if interval is None else valid_interval(interval)
    kept = present if chosen == present.interval else Polling(chosen)
    return Polling(
        chosen,
        kept.hour if hour is None else hour,
        kept.weekday if weekday is None else weekday_of(weekday),
    )


def _tags(pairs: list[str]) -> dict[str, TagValue]:
    from bucketgraph.integrations.fields import named  # noqa: PLC0415

    words = {"true": True, "false": False}
    return {
        name.removeprefix("tag."): words.get(value.lower(), value)
        for name, value in named(pairs, flag="--tag")
    }


def _sources(pairs: list[str]) -> dict[str, bool]:
    from bucketgraph.integrations.fields import named  # noqa: PLC0415

    words = {"on": True, "off": False, "true": True, "false": False}
    found: dict[str, bool] = {}
    for name, value in named(pairs, flag="--source"):
        if value.lower() not in words:
            raise ConfigError(
                f"--source {name}={value} says neither on nor off.",
                hint=f"Write --source {name}=on or --source {name}=off.",
            )
        found[name] = words[value.lower()]
    return found


def _consumers(config: Config, new: list[Consumer], removed: list[str]) -> list[Entered] | None:
    """Return all consumers from now on, or None when they stay."""
    from bucketgraph.integrations.configuration import Entered  # noqa: PLC0415

    if not new and not removed:
        return None
    for key in removed:
        if key not in config.consumer_keys:
            raise ConfigError(
                f"There is no OAuth consumer {key!r}.", hint=f"There are {', '.join(config.consumer_keys)}."
            )
    entered = {one.key: one.secret for one in new}
    if len(entered) != len(new):
        raise ConfigError("The same OAuth key is given twice.", hint="Give each consumer once.")
    keys = dict.fromkeys((*config.consumer_keys, *entered))
    return [Entered(key, entered.get(key)) for key in keys if key not in removed]
