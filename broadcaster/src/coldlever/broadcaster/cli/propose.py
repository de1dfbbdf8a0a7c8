"""``propose``: sign a draft with the proposer's own approver key."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import click

from coldlever.broadcaster.cli.context import open_ledger, state_options
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.shared.action import Network
from coldlever.shared.cli.approval_files import read_policy
from coldlever.shared.cli.approver_key import (
    approver_option,
    locate_approver,
    public_half,
    read_public,
    unlock_approver,
)
from coldlever.shared.cli.console import ask_secret, dump_document, emit_json, say
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.loading import load_input
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options
from coldlever.shared.cli.show_review import show_reviews, show_statement
from coldlever.shared.errors import PersonDeclined
from coldlever.shared.message import Defaults, message_wire
from coldlever.shared.message.any import REQUESTS
from coldlever.shared.message.approving import items_of, with_approvals
from coldlever.shared.message.review import review
from coldlever.shared.policy import verify_approval
from coldlever.shared.policy.docket import hearings, only_case
from coldlever.shared.policy.saying import draft
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.statement import Decision, merge


@click.command(short_help="Sign a draft as its proposer.")
@click.argument("file", metavar="REQUEST")
@click.option("--policy", "policy_file", metavar="P", required=True, help="The policy's file.")
@approver_option
@click.option("--passphrase-file", metavar="F", help="The key's passphrase: a file, - or fd:N.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.option("--out", metavar="OUT", help="Write to this new file; - is stdout, the default.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@drawing_options(own_force=True)
@network_option()
@state_options
@pass_machine
def propose(
    machine: Machine,
    file: str,
    *,
    policy_file: str,
    approver: str | None,
    passphrase_file: str | None,
    yes: bool,
    out: str | None,
    force: bool,
    drawing: Drawing,
    network: Network | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Sign a draft with your own approver key, so that who proposes is known.

    Writes the request with the proposal in it. Whether a proposer counts among those who approve,
    the policy says. The key is an approver key, never one that signs actions.
    """
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    policy = read_policy(policy_file)
    nothing = Scanning(wanted=False, camera=None)
    (loaded,) = load_input((file,), nothing, REQUESTS, Defaults(network)).messages
    cases = hearings(items_of(loaded.message), (), is_batch=loaded.message.is_batch)
    hearing = only_case(cases)
    path = locate_approver(machine.state(state_dir), approver)
    public = read_public(public_half(path))
    said = draft(policy, hearing.case, public, Decision.PROPOSE, known=hearing.approvals)
    show_reviews([review(one) for one in loaded.message.requests])
    show_statement(said.text())
    if not yes and machine.is_attended() and machine.ask("Propose it? Type yes") != "yes":
        raise PersonDeclined("declined", "not confirmed; nothing was signed")
    key = unlock_approver(path, passphrase_file, ask_secret)
    proposal = said.signed(key.sign(said.namespace, said.text()).raw)
    verify_approval(policy, hearing.case, proposal, None)
    proposed = replace(hearing, approvals=merge(hearing.approvals, [proposal]))
    message = with_approvals(loaded.message, [proposed])
    data = dump_document(message_wire(message))
    delivery = outlet.prove(message, data)
    # Before anybody gets it: a proposal that nothing tells of there is none.
    with closing(open_ledger(machine, state_dir, policy.ref)) as ledger:
        who = f"{policy.holders[public.key_id][0].name} {public.fingerprint}"
        events = (
            ledger.author.proposed(one.signable, said.case.signer, who, machine.clock())
            for one in loaded.message.requests
        )
        ledger.note(*events)
    delivery.deliver(message, data)
    if as_json:
        emit_json({"request": message_wire(message), "out": outlet.file})
        return
    say("proposed", fg="green")
