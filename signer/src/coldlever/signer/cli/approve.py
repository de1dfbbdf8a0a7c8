"""`approve` and `reject`: a person's word on a request, after the review that the signer sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from coldlever.shared.audit import Event
from coldlever.shared.cli.approval_files import read_policy, read_sheets
from coldlever.shared.cli.approver_key import (
    approver_option,
    choose_approver,
    read_public,
    unlock_pair,
)
from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import dump_document, emit_json, json_option, say
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.loading import load_input
from coldlever.shared.cli.qr_options import drawing_options, scanning_options
from coldlever.shared.cli.show_review import show_reviews, show_statement
from coldlever.shared.errors import PersonDeclined, UsageRefused
from coldlever.shared.message import RequestFile
from coldlever.shared.message.any import REQUESTS
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.approving import items_of
from coldlever.shared.message.check_words import Challenge
from coldlever.shared.policy import Circumstances, Policy
from coldlever.shared.policy.docket import Hearing, hearings, only_case
from coldlever.shared.policy.judging import decide
from coldlever.shared.policy.policy import Rule
from coldlever.shared.policy.saying import Draft, draft
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.reading.times import parse_moment
from coldlever.shared.sshsig.signature import RawSignature
from coldlever.shared.statement import Decision
from coldlever.signer.cli.audit_note import note, require_notable
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.intake import (
    files_argument,
    intake_options,
    place_requests,
    prepare_intake,
    requests_of,
    require_one_stdin,
)
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.refusal_note import Watched, noting_refusals
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets
from coldlever.signer.cli.state import ledger_path, permissions, state_option
from coldlever.signer.cli.statement_output import write_statement
from coldlever.signer.events import said_events
from coldlever.signer.rules import Placed, require_perpetuals, require_timely
from coldlever.signer.vouching import vouch

_EPILOG = """\b
Examples:
  coldlever-signer approve request.json --policy treasury.toml --out alice.json
  coldlever-signer approve photo.jpg --scan --policy treasury.toml --qr-out alice.png
  coldlever-signer approve request.json --policy treasury.toml --key dave.pub \\
      --statement-only --out statement
  ssh-keygen -Y sign -f ~/.ssh/id_ed25519_sk -n approve@coldlever statement

You see the same review, check words and challenge as whoever signs, then the statement as text,
and type `yes`. Nothing here needs a network. Approvals go to --out, stdout or a QR code;
`approvals add` brings them into the request.
"""
_REJECT_EPILOG = """\b
Examples:
  coldlever-signer reject request.json --policy treasury.toml --out no.json
  coldlever-signer reject photo.jpg --scan --policy treasury.toml --qr-out no.png
"""
_SIZING = RawSignature(bytes(64))


def _options(command: Any) -> Any:
    for option in reversed(
        (
            files_argument,
            scanning_options(),
            click.option(
                "--policy", "policy_file", metavar="P", required=True, help="The policy's file."
            ),
            approver_option,
            passphrase_option,
            click.option(
                "--key",
                "public_file",
                metavar="PUB",
                help="With --statement-only: the public half of the key that will sign.",
            ),
            click.option(
                "--statement-only",
                is_flag=True,
                help="Write the statement for `ssh-keygen -Y sign`, an agent or a security key.",
            ),
            click.option(
                "--approvals", "names", multiple=True, metavar="A", help="What is said already."
            ),
            click.option(
                "--not-after",
                metavar="T",
                help="Until when it counts; else as long as the request.",
            ),
            intake_options,
            click.option(
                "--out", metavar="OUT", help="Write to this new file; - is stdout, the default."
            ),
            click.option("--force", is_flag=True, help="Replace existing files."),
            drawing_options(own_force=True),
            click.option(
                "--yes", is_flag=True, help="Do not ask for confirmation. Skips no check."
            ),
            challenge_option,
            state_option,
            json_option,
            pass_machine,
        )
    ):
        command = option(command)
    return command


@caged
@click.command("approve", cls=ChallengeCommand, epilog=_EPILOG)
@_options
def approve(machine: Machine, /, **options: Any) -> None:
    """Approve a request with your own key, on any machine.

    FILE is an unsigned request or a batch of them, or - for stdin.
    """
    _say_word(machine, Decision.APPROVE, **options)


@caged
@click.command("reject", cls=ChallengeCommand, epilog=_REJECT_EPILOG)
@_options
def reject(machine: Machine, /, **options: Any) -> None:
    """Reject a request with your own key.

    Where your word arrives, it is neither signed nor posted. FILE is an unsigned request or a batch
    of them, or - for stdin. Whoever carries the approvals can leave your rejection out; tell people
    by another way, too. To take it back, `approve` the request with the rejection at hand (in it,
    or with --approvals).
    """
    _say_word(machine, Decision.REJECT, **options)


def _say_word(
    machine: Machine,
    decision: Decision,
    *,
    files: tuple[str, ...],
    scanning: Scanning,
    policy_file: str,
    approver: str | None,
    passphrase_file: str | None,
    public_file: str | None,
    statement_only: bool,
    names: tuple[str, ...],
    not_after: str | None,
    out: str | None,
    force: bool,
    drawing: Drawing,
    yes: bool,
    asked: Asked | None,
    state_dir: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    if public_file is not None and not statement_only:
        raise UsageRefused("key-without-secret", "--key goes with --statement-only")
    require_one_stdin(*files, *options["markets"], *names, passphrase_file)
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    intake = prepare_intake(machine, **options)
    policy = read_policy(policy_file)
    given = load_input(files, scanning, REQUESTS, intake.defaults)
    if len(given.messages) != 1:
        raise UsageRefused("one-document", "several documents", "approve one after the other")
    (loaded,) = given.messages
    ledger_file = ledger_path(machine, state_dir)
    watched = Watched(requests_of(given), intake.now, None, policy.ref)
    with noting_refusals(ledger_file, watched):
        placed = _admit(place_requests(given, intake), policy, intake.now)
        hearing = _one_case(loaded.message, names)
        watched.signer = hearing.case.signer
        path, public_path = choose_approver(machine.state(state_dir), approver, public_file)
        public = read_public(public_path)
        until = None if not_after is None else parse_moment(not_after)
        around = Circumstances(intake.now, hearing.currents, needs_proposal=False)
        rules = decide(policy, hearing.case, around) if decision is Decision.APPROVE else []
        said = draft(
            policy, hearing.case, public, decision, known=hearing.approvals, not_after=until
        )
        word = _Word(placed, said, rules, take_challenge(asked, machine.entropy))
        if statement_only:
            word.show()
            then = "bring FILE and FILE.sig to `approvals add`"
            write_statement(outlet, said.text(), said.namespace, then, as_json=as_json)
            return
        file = word.file(_SIZING)
        delivery = outlet.prove(file, dump_document(file.to_wire()))
        word.show()
        require_notable(ledger_file, len(placed))
        _confirm(machine, decision, len(placed), yes=yes)
        assert path is not None, "only a statement is written without a key"
        permissions(()).require_private(path, "approver key")
        prepare_for_secrets(machine)
        key = unlock_pair(path, public, passphrase_file, machine.ask_secret)
    file = word.file(key.sign(said.namespace, said.text()).raw)
    data = dump_document(file.to_wire())
    audit = note(ledger_file, word.events(intake.now))
    delivery.deliver(file, data)
    if as_json:
        emit_json({"file": file.to_wire(), "out": outlet.file, "audit": audit.to_wire()})
        return
    verb = "approved" if decision is Decision.APPROVE else "rejected"
    say(f"{verb} as {word.person}", fg="green")
    say_head(audit.head)


@dataclass(frozen=True, slots=True)
class _Word:
    """What a person is about to say.

    Args:
        placed: the requests, with their reviews.
        draft: the statement.
        rules: that decide about the requests; none for a rejection.
        challenge: drawn or typed, or None.
    """

    placed: Sequence[Placed]
    draft: Draft
    rules: Sequence[Rule]
    challenge: Challenge | None

    @property
    def person(self) -> str:
        """Whose word it is."""
        return self.draft.policy.holders[self.draft.key.key_id][0].name

    def file(self, raw: RawSignature) -> ApprovalsFile:
        """The document that carries it."""
        case = self.draft.case
        if self.draft.key.kind.is_security_key:
            raw = replace(raw, flags=1, counter=0)
        return ApprovalsFile(case.network, case.subject, (self.draft.signed(raw),))

    def events(self, now: int | None) -> tuple[Event, ...]:
        """What the audit chain says of it."""
        who = f"{self.person} {self.draft.key.fingerprint}"
        return said_events(self.placed, self.draft, who, now)

    def show(self) -> None:
        """The review, and the statement as text."""
        count = "1 request" if len(self.placed) == 1 else f"{len(self.placed)} requests"
        say(f"{self.draft.decision.value.capitalize()} as {self.person}: {count}", bold=True)
        show_reviews([one.review for one in self.placed], self.challenge)
        for rule in dict.fromkeys(self.rules):
            say(f'  Policy: version {self.draft.policy.version}, rule "{rule.name}"', bold=True)
            say(f"  It needs: {rule.needs}")
        show_statement(self.draft.text())


def _admit(placed: Sequence[Placed], policy: Policy, now: int | None) -> tuple[Placed, ...]:
    """The requests, named by the policy's attestors, and what the signer would refuse refused."""
    vouched = vouch(placed, policy, now)
    require_perpetuals(vouched)
    if now is not None:
        require_timely(vouched, now)
    return vouched


def _one_case(message: RequestFile, names: Sequence[str]) -> Hearing:
    sheets = read_sheets(names)
    return only_case(hearings(items_of(message), sheets, is_batch=message.is_batch))


def _confirm(machine: Machine, decision: Decision, count: int, *, yes: bool) -> None:
    if yes:
        say("Not asked for confirmation (--yes).")
        return
    wanted = "yes" if count == 1 else f"yes {count}"
    if " ".join(machine.ask(f'Type "{wanted}" to {decision.value}').split()) != wanted:
        raise PersonDeclined("declined", "not confirmed; nothing was signed")
