"""`--policy` and `--approvals`: which policy a run is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from coldlever.broadcaster.check.board import Board, make_board
from coldlever.broadcaster.cli.load import Items
from coldlever.shared.cli.approval_files import read_policy, read_sheets
from coldlever.shared.errors import UsageRefused

FILE_NAME = "policy.toml"

F = TypeVar("F", bound=Callable[..., Any])


def policy_options(command: F) -> F:
    """Add ``--policy`` and ``--approvals``."""
    for option in (
        click.option(
            "--approvals",
            "approval_files",
            multiple=True,
            metavar="A",
            help="Approvals in a file of their own. Repeat it for several.",
        ),
        click.option(
            "--policy",
            "policy_file",
            metavar="P",
            help=f"The policy to keep; without it {FILE_NAME} in the state folder, where it is.",
        ),
    ):
        command = option(command)
    return command


def load_board(
    items: Items, policy_file: str | None, approval_files: Sequence[str], state: Path
) -> Board | None:
    """The policy in force with the approvals of a run; None without a policy.

    Raises:
        UsageRefused: ``policy-missing`` for approvals without a policy.
        InputRefused: a file is unreadable or malformed.
        RuleRefused: ``approval-invalid``, ``batch-mixed``, ``weak-key`` or ``signature-invalid``.
    """
    own = state / FILE_NAME
    name = policy_file if policy_file is not None else str(own) if own.exists() else None
    if name is None:
        if approval_files:
            raise UsageRefused(
                "policy-missing", "--approvals without a policy says nothing", "add --policy P"
            )
        return None
    payloads = [item.payload for item in items.items]
    sheets = read_sheets(approval_files)
    return make_board(read_policy(name), payloads, sheets, is_batch=items.is_batch)
