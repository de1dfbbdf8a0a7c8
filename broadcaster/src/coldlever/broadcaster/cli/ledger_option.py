"""``--ledger``: where the ledger is, when it is not in the state folder."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any, TypeVar

import click
import sqlalchemy as sa

from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.ledger import LedgerServer
from coldlever.shared.cli.secret_line import read_secret_line
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import printable

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "COLDLEVER_LEDGER"
_META = "coldlever.ledger"
_SECRETS = frozenset({"password", "sslpassword"})
_REMEDY = (
    "leave it out: ~/.pgpass, a service file (postgresql:///?service=NAME) or "
    "--ledger-password-file F gives it"
)


def ledger_options(command: F) -> F:
    """Add ``--ledger`` and ``--ledger-password-file``, kept for `chosen_server`."""
    command = click.option(
        "--ledger-password-file",
        metavar="F",
        # Not checked by click: fd:3 is no file.
        type=click.Path(readable=False),
        expose_value=False,
        callback=_keep,
        help="Take the password of --ledger from this file (one line) or from a descriptor such "
        "as fd:3.",
    )(command)
    return click.option(
        "--ledger",
        metavar="URL",
        expose_value=False,
        callback=_keep,
        help=f"A ledger that several machines share, postgresql://USER@HOST/DATABASE (or "
        f"{VARIABLE}); default: a file in the state directory.",
    )(command)


def _keep(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    ctx.meta[f"{_META}.{parameter.name}"] = value


def chosen_server(machine: Machine) -> LedgerServer | None:
    """The server that the running command names; None for the file in the state folder.

    Args:
        machine: its environment.

    Raises:
        UsageRefused: ``ledger-url`` or ``ledger-password``.
    """
    meta = click.get_current_context().meta
    url = meta.get(f"{_META}.ledger") or machine.environment.get(VARIABLE)
    file = meta.get(f"{_META}.ledger_password_file")
    if not url:
        if file is not None:
            raise UsageRefused("ledger-password", "--ledger-password-file goes with --ledger")
        return None
    if "PGPASSWORD" in machine.environment:
        raise UsageRefused(
            "ledger-password",
            "PGPASSWORD is set, and other programs can read the environment",
            _REMEDY,
        )
    password = None if file is None else read_secret_line(file)
    return LedgerServer(parse_url(url), password, f"{platform.node()}, process {os.getpid()}")


def parse_url(text: str) -> sa.URL:
    """The URL of a ledger's database.

    Args:
        text: as it was given.

    Raises:
        UsageRefused: ``ledger-url``, it is none of PostgreSQL; ``ledger-password``, it holds one.
            The refusal does not repeat it.
    """
    if printable(text) != text:
        raise UsageRefused("ledger-url", "--ledger holds characters that cannot be shown")
    scheme, separator, _ = text.partition("://")
    if not separator or scheme not in ("postgresql", "postgres"):
        raise UsageRefused(
            "ledger-url",
            "--ledger is no postgresql:// URL",
            "give postgresql://USER@HOST/DATABASE, or nothing for a file in the state directory",
        )
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise UsageRefused(
            "ledger-url",
            "--ledger cannot be read as a URL",
            "give postgresql://USER@HOST:PORT/DATABASE",
        ) from None
    if url.password is not None or _SECRETS & url.query.keys():
        raise UsageRefused(
            "ledger-password",
            "--ledger holds a password, and everybody on this machine can read command lines",
            _REMEDY,
        )
    return url
