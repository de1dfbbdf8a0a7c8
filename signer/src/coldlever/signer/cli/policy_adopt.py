"""`policy adopt|unseal`: carry out a change of policy that is agreed to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from coldlever.shared.action import Address
from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.errors import PersonDeclined, RuleRefused, UsageRefused
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.policy import Policy
from coldlever.shared.policy.changing import require_change
from coldlever.shared.statement import merge
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.policy_change import policy_after, read_change, require_old, show_change
from coldlever.signer.cli.policy_seal import (
    ask_passphrase,
    locate,
    relock,
    remember,
    require_ledger,
)
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets
from coldlever.signer.cli.state import ledger_path, require_own_state, state_option
from coldlever.signer.key import load_keystore
from coldlever.signer.leave import policy_of
from coldlever.signer.ledger import Ledger, PolicyMark

F = TypeVar("F", bound=Callable[..., Any])


def _adoption(command: F) -> F:
    for option in reversed(
        (
            click.argument("files", nargs=-1, required=True, metavar="CHANGE..."),
            click.option("--keystore", metavar="K", help="Which key."),
            passphrase_option,
            click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
            accept_risk_option,
            state_option,
            json_option,
            pass_machine,
        )
    ):
        command = option(command)
    return command


@caged
@click.command("adopt")
@_adoption
def adopt(machine: Machine, /, **options: Any) -> None:
    """Seal a key to another policy, once the people of the old and of the new one have agreed.

    CHANGE is the document of `policy propose`, with approvals in it; several copies of it, each
    with another approval, are taken together.
    """
    _carry_out(machine, removes=False, **options)


@caged
@click.command("unseal")
@_adoption
def unseal(machine: Machine, /, **options: Any) -> None:
    """Take the policy off a key, once its people have agreed (`policy propose --remove`)."""
    _carry_out(machine, removes=True, **options)


def _carry_out(
    machine: Machine,
    *,
    removes: bool,
    files: tuple[str, ...],
    keystore: str | None,
    passphrase_file: str | None,
    yes: bool,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    require_own_state(machine, state_dir, accepted)
    change = _together([read_change(name) for name in files])
    if removes != (change.text is None):
        other = "unseal" if change.text is None else "adopt"
        raise UsageRefused("one-change", f"this change is carried out by `policy {other}`")
    path = locate(machine, keystore, state_dir, accepted)
    closed = load_keystore(path)
    before = policy_of(closed, None)
    require_old(change, before)
    after = policy_after(change)
    agreed = require_change(before, after, change.approvals)
    if closed.address is not None:
        _require_ledger(machine, state_dir, closed.address, before, after)
    show_change(before, after)
    say(f"Agreed to by: {', '.join(agreed)}")
    if not yes and machine.ask('Type "yes" to carry it out') != "yes":
        raise PersonDeclined("declined", "not confirmed; nothing was changed")
    prepare_for_secrets(machine)
    passphrase = ask_passphrase(machine, closed, passphrase_file, accepted)
    made = relock(machine, path, closed, passphrase, after)
    _require_ledger(machine, state_dir, made.address, before, after)
    # The end of a policy is remembered before, the next policy after: whatever stops this between
    # the two, the command can be given again, and until then nothing is signed under less.
    if after is None:
        assert before is not None, "a change has one of the two"
        mark = PolicyMark(made.address, before.version, None)
        says = f"policy {before.version} is taken off; agreed to by {', '.join(agreed)}"
        audit = remember(machine, state_dir, mark, says)
    made.write()
    if after is not None:
        mark = PolicyMark(made.address, after.version, after.ref.digest)
        says = f"sealed to policy {after.version}; agreed to by {', '.join(agreed)}"
        audit = remember(machine, state_dir, mark, says)
    address = made.address
    if as_json:
        ref = None if after is None else after.ref.to_wire()
        wire = {"keystore": str(path), "address": str(address), "policy": ref}
        emit_json({**wire, "agreed": list(agreed), "audit": audit.to_wire()})
        return
    state = "is sealed to no policy" if after is None else f"is sealed to policy {after.version}"
    say(f"the key of {address} {state}", fg="green")
    say_head(audit.head)


def _require_ledger(
    machine: Machine,
    state_dir: str | None,
    signer: Address,
    before: Policy | None,
    after: Policy | None,
) -> None:
    """Refuse to go from an older policy, or to one; an end that was recorded may be repeated."""
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        mark = ledger.policy_mark(signer)
    ended = None if before is None else PolicyMark(signer, before.version, None)
    if after is None and mark is not None and mark == ended:
        return
    refs = (None if before is None else before.ref, None if after is None else after.ref)
    require_ledger(machine, state_dir, signer, refs if after is not None else refs[:1])


def _together(changes: list[PolicyChange]) -> PolicyChange:
    first = changes[0]
    if any((one.old, one.text) != (first.old, first.text) for one in changes):
        raise RuleRefused(
            "policy-mismatch", "the documents are about different changes", "name one"
        )
    return replace(first, approvals=merge(*(one.approvals for one in changes)))
