"""``approvals add|list|check``: what people have said about a document, the same on both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click

from coldlever.shared.action import Network
from coldlever.shared.cli.approval_files import read_policy, read_said
from coldlever.shared.cli.console import dump_document, emit_json, json_option, say
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.loading import Input, load_input
from coldlever.shared.cli.machine import clock_of
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options, scanning_options
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message import Defaults, RequestFile, SignedFile, message_wire
from coldlever.shared.message.any import SIGNABLE
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.approving import items_of, with_approvals
from coldlever.shared.policy import Circumstances, Policy, Standing, assess, verify_approval
from coldlever.shared.policy.docket import Hearing, hearings, require_cases
from coldlever.shared.policy.saying import from_sshsig
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.reading import Where
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.times import parse_moment
from coldlever.shared.statement import Approval, merge

F = TypeVar("F", bound=Callable[..., Any])

_POLICY = click.option(
    "--policy", "policy_file", metavar="P", required=True, help="The policy's file."
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A document with all that is said about it.

    Args:
        message: requests or signed payloads.
        where: its place, for error messages.
        hearings: its cases.
    """

    message: RequestFile | SignedFile
    where: Where
    hearings: tuple[Hearing, ...]


def hear(
    given: Input[RequestFile | SignedFile], names: Sequence[str], policy: Policy | None
) -> Heard:
    """The cases of one document, with approvals from files beside it.

    Raises:
        UsageRefused: ``one-document`` for several.
        InputRefused: a file of approvals is unreadable or malformed.
        RuleRefused: ``approval-invalid`` for approvals of something else, ``nothing-to-approve``
            for a revocation, ``weak-key``.
    """
    if len(given.messages) != 1:
        raise UsageRefused("one-document", "several documents", "name one: a batch is one, too")
    (loaded,) = given.messages
    sheets, signatures = read_said(names)
    cases = hearings(items_of(loaded.message), sheets, is_batch=loaded.message.is_batch)
    found = require_cases(cases)
    for made, told in signatures:
        if policy is None:
            raise UsageRefused("policy-missing", "a signature is read with --policy", "add it")
        refusals: list[RuleRefused] = []
        fitting: list[tuple[int, Approval]] = []
        for number, one in enumerate(found):
            try:
                fitting.append((number, from_sshsig(policy, one.case, made, told)))
            except RuleRefused as error:
                refusals.append(error)
        if not fitting:
            raise refusals[0]
        found = tuple(
            replace(one, approvals=merge(one.approvals, (said for at, said in fitting if at == n)))
            for n, one in enumerate(found)
        )
    return Heard(loaded.message, loaded.where, found)


@click.command("add", short_help="Bring approvals together in one document.")
@click.argument("document", metavar="DOCUMENT")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_POLICY
@click.option("--out", metavar="OUT", help="Write to this new file; - is stdout, the default.")
@click.option(
    "--apart",
    is_flag=True,
    help="Write the approvals alone, for --approvals of another machine: less to carry.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@drawing_options(own_force=True)
@network_option()
@json_option
def add(
    document: str,
    files: tuple[str, ...],
    *,
    policy_file: str,
    out: str | None,
    apart: bool,
    force: bool,
    drawing: Drawing,
    network: Network | None,
    as_json: bool,
) -> None:
    """Bring approvals together in one document.

    DOCUMENT is a request, a signed payload or a batch; FILE holds approvals (of `approve`,
    `reject`, `propose`) or is a signature of `ssh-keygen -Y sign`, with its statement beside it.
    Each is checked before it is added.
    """
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    policy = read_policy(policy_file)
    given = load_input(
        (document,), Scanning(wanted=False, camera=None), SIGNABLE, Defaults(network)
    )
    heard = hear(given, files, policy)
    for one in heard.hearings:
        for approval in one.approvals:
            verify_approval(policy, one.case, approval, None)
    message = _apart(heard) if apart else with_approvals(heard.message, heard.hearings)
    data = dump_document(message_wire(message))
    outlet.prove(message, data).deliver(message, data)
    count = sum(len(one.approvals) for one in heard.hearings)
    if as_json:
        emit_json({"document": message_wire(message), "approvals": count, "out": outlet.file})
        return
    say(f"it carries {count} approvals now", fg="green")


def _apart(heard: Heard) -> ApprovalsFile:
    if len(heard.hearings) != 1 or not heard.hearings[0].approvals:
        raise UsageRefused(
            "one-document", "approvals go apart for one request, or one batch as a whole", "name it"
        )
    (one,) = heard.hearings
    return ApprovalsFile(one.case.network, one.case.subject, one.approvals)


@click.command("list", short_help="Show what people have said.")
@click.argument("files", nargs=-1, metavar="DOCUMENT")
@scanning_options()
@click.option("--approvals", "names", multiple=True, metavar="A", help="Approvals in files.")
@click.option("--policy", "policy_file", metavar="P", help="The policy: whose keys they are.")
@network_option()
@json_option
def list_approvals(
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    names: tuple[str, ...],
    policy_file: str | None,
    network: Network | None,
    as_json: bool,
) -> None:
    """Show what people have said about a document, and whether each signature holds.

    Without --policy only the keys' ids are known, and nothing is checked.
    """
    policy = None if policy_file is None else read_policy(policy_file)
    heard = hear(load_input(files, scanning, SIGNABLE, Defaults(network)), names, policy)
    rows = [_row(policy, one, said) for one in heard.hearings for said in one.approvals]
    if as_json:
        emit_json({"approvals": rows})
        return
    if not rows:
        say("nobody has said anything")
    for row in rows:
        who = row["person"] or f"key {row['keyId']}"
        fault = row["error"]
        state = {None: "", True: ", its signature holds", False: f", NOT VALID: {fault}"}[row["ok"]]
        say(f"{row['decision']} by {who}{state}", fg="yellow" if row["ok"] is False else None)


@dataclass(frozen=True, slots=True)
class _Judged:
    ok: bool | None
    person: str | None
    error: str | None


def _row(policy: Policy | None, one: Hearing, said: Approval) -> dict[str, Any]:
    judged = _judge(policy, one, said)
    return {
        "decision": said.decision.value,
        "round": said.number,
        "keyId": to_0x(said.key_id),
        "person": judged.person,
        "ok": judged.ok,
        "error": judged.error,
    }


def _judge(policy: Policy | None, one: Hearing, said: Approval) -> _Judged:
    if policy is None:
        return _Judged(None, None, None)
    try:
        return _Judged(True, verify_approval(policy, one.case, said, None), None)
    except RuleRefused as error:
        held = policy.holders.get(said.key_id)
        return _Judged(False, None if held is None else held[0].name, error.message)


@click.command("check", short_help="Say whether enough people have approved.")
@click.argument("files", nargs=-1, metavar="DOCUMENT")
@scanning_options()
@_POLICY
@click.option("--approvals", "names", multiple=True, metavar="A", help="Approvals in files.")
@click.option("--assume-time", metavar="T", help="Judge by this time instead of the clock.")
@network_option()
@json_option
@click.pass_obj
def check(
    machine: object,
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    policy_file: str,
    names: tuple[str, ...],
    assume_time: str | None,
    network: Network | None,
    as_json: bool,
) -> None:
    """Say whether enough people have approved, and who is missing.

    Exit status 4 while somebody is missing, has rejected, or the policy refuses it.
    """
    policy = read_policy(policy_file)
    heard = hear(load_input(files, scanning, SIGNABLE, Defaults(network)), names, policy)
    now = clock_of(machine)() if assume_time is None else parse_moment(assume_time)
    needs_proposal = isinstance(heard.message, RequestFile)
    standings = [
        assess(
            policy,
            one.case,
            one.approvals,
            Circumstances(now, one.currents, needs_proposal=needs_proposal),
        )
        for one in heard.hearings
    ]
    refusal = next((one for one in map(_refusal, standings) if one is not None), None)
    if as_json:
        report: dict[str, object] = {"cases": [one.to_wire() for one in standings]}
        report["ok"] = refusal is None
        if refusal is not None:
            report["error"] = refusal.to_wire()
        emit_json(report)
        if refusal is not None:
            raise SystemExit(refusal.exit_status)
        return
    for one in standings:
        _show(one)
    if refusal is not None:
        raise refusal
    say("approved", fg="green", bold=True)


def _refusal(standing: Standing) -> RuleRefused | None:
    if standing.evidence.rejecters:
        return RuleRefused(
            "policy-refused", f"rejected by {', '.join(standing.evidence.rejecters)}", "ask them"
        )
    if standing.lacking:
        return RuleRefused(
            "approvals-missing", "; ".join(standing.lacking), "have it approved with `approve`"
        )
    return None


def _show(standing: Standing) -> None:
    rules = ", ".join(printable(name) for name in standing.rules)
    say(f"Policy {standing.policy.version}, rule {rules}")
    evidence = standing.evidence
    for words, people in (
        ("approved by", evidence.approvers),
        ("rejected by", evidence.rejecters),
        ("proposed by", evidence.proposers),
    ):
        if people:
            say(f"  {words} {', '.join(people)}")
    for words in standing.lacking:
        say(f"  {words}", fg="yellow")
