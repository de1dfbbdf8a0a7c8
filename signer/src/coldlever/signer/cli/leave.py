"""`--approvals` and `--policy`, and what is said about the policy of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from coldlever.shared.cli.approval_files import read_policy_bytes
from coldlever.shared.cli.console import say
from coldlever.shared.policy import Approved
from coldlever.shared.policy.docket import Sheet
from coldlever.shared.printable import printable
from coldlever.signer.key import Keystore
from coldlever.signer.leave import Bond, policy_of

F = TypeVar("F", bound=Callable[..., Any])


def leave_options(command: F) -> F:
    """Add ``--approvals`` and ``--policy``."""
    for option in (
        click.option(
            "--policy",
            "policy_file",
            metavar="P",
            type=click.Path(readable=False),
            help="The policy to keep; of a sealed keystore it must be the sealed one.",
        ),
        click.option(
            "--approvals",
            "approval_files",
            multiple=True,
            metavar="A",
            type=click.Path(readable=False, allow_dash=True),
            help="Approvals in a file of their own. Repeat it for several.",
        ),
    ):
        command = option(command)
    return command


def bind(
    closed: Keystore, policy_file: str | None, sheets: tuple[Sheet, ...], *, is_batch: bool
) -> Bond:
    """What a keystore may sign under.

    Raises:
        InputRefused: the policy is unreadable or malformed.
        RuleRefused: ``policy-mismatch`` or ``weak-key``.
    """
    file = None if policy_file is None else read_policy_bytes(policy_file)
    if file is not None and closed.sealed is not None and file != closed.sealed.text:
        # Refused below, and before any passphrase is asked for.
        from coldlever.signer.cli.policy_diff import show_diff  # noqa: PLC0415 - seldom needed

        show_diff(closed.sealed.text, file, ("sealed", printable(str(policy_file))))
    sealed = None if closed.sealed is None else closed.sealed.ref
    return Bond(policy_of(closed, file), sealed, sheets, is_batch)


def show_leave(leave: Sequence[Approved]) -> None:
    """Say which policy was kept, which rule decided and who has approved."""
    for one in leave:
        standing = one.standing
        if one.is_revocation:
            say("  Policy: revoking needs no approval.")
            continue
        if standing is None:
            say("  Policy: no policy is in force; nobody else has to approve.")
            continue
        rules = ", ".join(f'"{name}"' for name in standing.rules)
        say(f"  Policy: version {standing.policy.version}, rule {rules}", bold=True)
        say(f"  Approved by: {', '.join(standing.evidence.approvers) or 'nobody'}")
        if standing.evidence.proposers:
            say(f"  Proposed by: {', '.join(standing.evidence.proposers)}")


def leave_wire(leave: Sequence[Approved]) -> list[dict[str, object]] | None:
    """The standing of each case, or None without a policy."""
    wires = [one.standing.to_wire() for one in leave if one.standing is not None]
    return wires or None
