"""`policy propose|approve`: another policy, and the word of those who have to agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from coldlever.shared.cli.approval_files import read_policy, read_policy_bytes
from coldlever.shared.cli.console import (
    STDIO,
    dump_document,
    emit_json,
    json_option,
    read_document,
    say,
    source_name,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.qr_options import drawing_options
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message import Defaults
from coldlever.shared.message.any import CHANGES, load_expected
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.policy import Policy, load_policy, remarks_on
from coldlever.shared.policy.changing import require_sound
from coldlever.shared.qr.choices import Drawing
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.policy_diff import show_diff
from coldlever.signer.cli.policy_seal import (
    locate,
)
from coldlever.signer.cli.state import state_option
from coldlever.signer.key import load_keystore
from coldlever.signer.leave import policy_of

F = TypeVar("F", bound=Callable[..., Any])

_OUT: tuple[Callable[[Any], Any], ...] = (
    click.option("--out", metavar="OUT", help="Write to this new file; - is stdout, the default."),
    click.option("--force", is_flag=True, help="Replace an existing file."),
    drawing_options(own_force=True),
)


def with_change_out(command: F) -> F:
    """Add where a change goes."""
    for option in reversed(_OUT):
        command = option(command)
    return command


@caged
@click.command("propose")
@click.argument("file", required=False, metavar="[POLICY]")
@click.option("--old", metavar="P", help="The policy in force, from a file.")
@click.option("--keystore", metavar="K", help="The policy in force, from a keystore.")
@click.option("--remove", is_flag=True, help="To have no policy any more; then without POLICY.")
@with_change_out
@state_option
@json_option
@pass_machine
def propose(
    machine: Machine,
    /,
    *,
    file: str | None,
    old: str | None,
    keystore: str | None,
    remove: bool,
    out: str | None,
    force: bool,
    drawing: Drawing,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Write a change of policy, for the people of both to approve."""
    if (file is None) != remove:
        raise UsageRefused("one-change", "give either POLICY or --remove")
    if (old is None) == (keystore is None):
        raise UsageRefused("one-policy", "give either --old or --keystore: what is in force")
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    if old is not None:
        before: Policy | None = read_policy(old)
    else:
        path = locate(machine, keystore, state_dir, ())
        before = policy_of(load_keystore(path), None)
    after = None if file is None else load_policy(read_policy_bytes(file), file)
    if after is not None:
        require_sound(after)
    if before is None and after is None:
        raise UsageRefused("one-change", "there is no policy to remove")
    change = PolicyChange(
        None if before is None else before.ref,
        None if after is None else after.text.decode("utf-8"),
    )
    deliver_change(outlet, change, as_json=as_json)


def read_change(name: str) -> PolicyChange:
    """A document of `policy propose`."""
    return load_expected(read_document(name), source_name(name), CHANGES, Defaults())


def policy_after(change: PolicyChange) -> Policy | None:
    """The policy that a change leads to, or None."""
    if change.text is None:
        return None
    return load_policy(change.text.encode("utf-8", "replace"), "the new policy")


def require_old(change: PolicyChange, before: Policy | None) -> None:
    """Refuse a change of another policy than the one in force."""
    found = None if before is None else before.ref
    if change.old != found:
        raise RuleRefused(
            "policy-mismatch",
            f"the change is from policy {change.old or 'none'}, in force is {found or 'none'}",
            "have the change proposed again, from the policy in force",
        )


def show_change(before: Policy | None, after: Policy | None) -> None:
    """Print a change line by line, and what is to say about the new policy."""
    old = b"" if before is None else before.text
    new = b"" if after is None else after.text
    show_diff(old, new, ("in force", "to come"))
    for remark in () if after is None else remarks_on(after):
        say(f"{remark.code}: {remark.text}", fg="yellow")


def deliver_change(outlet: Outlet, change: PolicyChange, *, as_json: bool) -> None:
    """Write a change, or draw it."""
    data = dump_document(change.to_wire())
    outlet.prove(change, data).deliver(change, data)
    if as_json:
        emit_json({"change": change.to_wire(), "out": None if outlet.out == STDIO else outlet.out})
