"""`policy approve`: a person's word on a change of policy, with a key of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from coldlever.shared.cli.approval_files import read_policy
from coldlever.shared.cli.approver_key import (
    approver_option,
    choose_approver,
    read_public,
    unlock_approver,
)
from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.console import (
    json_option,
    read_document,
    say,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.show_review import show_statement
from coldlever.shared.errors import PersonDeclined, UsageRefused
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.policy import Policy
from coldlever.shared.policy.changing import holder_in, require_sound, verify_change
from coldlever.shared.qr.choices import Drawing
from coldlever.shared.sshsig import SshSig, dearmor, parse_sshsig
from coldlever.shared.sshsig.fields import invalid
from coldlever.shared.statement import Approval, Decision, merge
from coldlever.shared.statement.text import POLICY_NAMESPACE, change_bytes
from coldlever.signer.cli.audit_note import note, require_notable
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.policy_change import (
    deliver_change,
    policy_after,
    read_change,
    require_old,
    show_change,
    with_change_out,
)
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets
from coldlever.signer.cli.state import ledger_path, state_option
from coldlever.signer.cli.statement_output import write_statement
from coldlever.signer.events import agreed_event


@caged
@click.command("approve")
@click.argument("file", metavar="CHANGE")
@click.option("--old", metavar="P", help="The policy in force, from a file.")
@approver_option
@passphrase_option
@click.option("--key", "public_file", metavar="PUB", help="With --statement-only: the public half.")
@click.option(
    "--statement-only",
    is_flag=True,
    help=f"Write the statement for `ssh-keygen -Y sign -n {POLICY_NAMESPACE}`.",
)
@click.option("--signature", metavar="SIG", help="Take the signature that ssh-keygen has made.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_change_out
@state_option
@json_option
@pass_machine
def approve(
    machine: Machine,
    /,
    *,
    file: str,
    old: str | None,
    approver: str | None,
    passphrase_file: str | None,
    public_file: str | None,
    statement_only: bool,
    signature: str | None,
    yes: bool,
    out: str | None,
    force: bool,
    drawing: Drawing,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Approve a change of policy with your own key; writes the change with your approval in it.

    --old is needed where a policy is in force: it must be the one that the change names. With a
    security key: --statement-only, ssh-keygen, then --signature.
    """
    if (public_file is not None) != statement_only or (statement_only and signature is not None):
        raise UsageRefused("key-without-secret", "--key and --statement-only go together, alone")
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    word = _Word(read_change(file), None if old is None else read_policy(old))
    show_change(word.before, word.after)
    if signature is not None:
        made = parse_sshsig(dearmor(read_document(signature).decode("ascii", "replace")))
        _add(machine, state_dir, outlet, word, made, as_json=as_json)
        return
    path, public_path = choose_approver(machine.state(state_dir), approver, public_file)
    text = word.text(public_path)
    show_statement(text)
    if path is None:
        then = "give FILE.sig to --signature"
        write_statement(outlet, text, POLICY_NAMESPACE, then, as_json=as_json)
        return
    require_notable(ledger_path(machine, state_dir), 1)
    if not yes and machine.ask('Type "yes" to approve the change') != "yes":
        raise PersonDeclined("declined", "not confirmed; nothing was signed")
    prepare_for_secrets(machine)
    key = unlock_approver(path, passphrase_file, machine.ask_secret)
    made = key.sign(POLICY_NAMESPACE, text)
    _add(machine, state_dir, outlet, word, made, as_json=as_json)


class _Word:
    """A change between its two policies.

    Args:
        change: the document.
        before: the policy in force, or None.
    """

    def __init__(self, change: PolicyChange, before: Policy | None) -> None:
        require_old(change, before)
        self.change = change
        self.before = before
        self.after = policy_after(change)
        if self.after is not None:
            require_sound(self.after)

    def text(self, public_file: Path) -> bytes:
        """The statement of the person whose public key this is."""
        _, key = holder_in(self.before, self.after, read_public(public_file).key_id)
        return change_bytes(self.change.old, None if self.after is None else self.after.ref, key)


def _add(
    machine: Machine,
    state_dir: str | None,
    outlet: Outlet,
    word: _Word,
    made: SshSig,
    *,
    as_json: bool,
) -> None:
    """Record an approval more, and write the change with it."""
    if made.namespace != POLICY_NAMESPACE:
        raise invalid(f"it is for the namespace {made.namespace}")
    approval = Approval(Decision.APPROVE, made.key.key_id, made.raw.pack())
    name = verify_change(word.before, word.after, approval)
    agreed = replace(word.change, approvals=merge(word.change.approvals, [approval]))
    refs = (word.change.old, None if word.after is None else word.after.ref)
    who = f"{name} {made.key.fingerprint}"
    audit = note(ledger_path(machine, state_dir), [agreed_event(*refs, who, machine.clock())])
    deliver_change(outlet, agreed, as_json=as_json)
    say(f"approved as {name}", fg="green")
    say_head(audit.head)
