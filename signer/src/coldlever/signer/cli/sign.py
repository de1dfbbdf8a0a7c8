"""`sign`: review, agree, record, sign, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from coldlever.shared.action import Address
from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import (
    STDIO,
    ask,
    dump_document,
    emit_json,
    json_option,
    require_output,
    say,
    write_document,
)
from coldlever.shared.cli.handover import draw_message
from coldlever.shared.cli.qr_options import drawing_options, require_drawable, scanning_options
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.cli.state_folder import make_folder
from coldlever.shared.errors import InputRefused, PersonDeclined
from coldlever.shared.message import SignedFile, SignedPayload
from coldlever.shared.message.check_words import Challenge, Subject, run_wire, words_wire
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.reading.strict_json import MAX_BYTES
from coldlever.signer.cli.intake import (
    Intake,
    files_argument,
    intake_options,
    prepare_intake,
    require_one_stdin,
    take_requests,
)
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets, unlock
from coldlever.signer.cli.state import keyring, ledger_path, state_option
from coldlever.signer.key import Keystore, load_keystore
from coldlever.signer.ledger import Ledger
from coldlever.signer.rules import (
    Placed,
    name_signer,
    require_distinct_nonces,
    require_signer,
    require_timely,
    wanted_signer,
)
from coldlever.signer.signing import Signed, ledger_entries, sign_requests, unsigned_twin

_EPILOG = """\b
Examples:
  coldlever-signer sign request.json --out signed.json
  coldlever-signer sign batch.json --keystore cold --market market.json --out signed.json
  coldlever-signer sign action.json --network testnet --valid-for 30m > signed.json
  coldlever-signer sign request.json --yes --passphrase-file fd:3 --payload-only 3<phrase

You see the review, type the asset ids where nobody vouches for a market's name, and type `yes`
(with the number of requests, where there are several: `yes 3`).
Then the keystore is opened once, every nonce is recorded in the ledger, and only then is anything
signed. The same request may be signed again; another one with the same nonce never.

One request gives one object; a batch, or several files, give an array in the same order. The
document goes to --out or else to stdout.
"""
_UNNAMED = {"market-unknown", "market-unverified"}


@dataclass(frozen=True, slots=True)
class _Output:
    """Where the payloads go, and in which form."""

    out: str | None
    force: bool
    payload_only: bool
    as_json: bool
    is_batch: bool

    def wire(self, payloads: Sequence[SignedPayload]) -> object:
        wires = [
            payload.body_wire() if self.payload_only else payload.to_wire() for payload in payloads
        ]
        return wires if self.is_batch else wires[0]

    def document(self, payloads: Sequence[SignedPayload]) -> bytes:
        if self.payload_only and not self.is_batch:
            # The exact bytes that get posted, ready for curl.
            return payloads[0].body() + b"\n"
        return dump_document(self.wire(payloads))


@click.command("sign", cls=ChallengeCommand, epilog=_EPILOG)
@files_argument
@scanning_options()
@click.option(
    "--keystore",
    metavar="K",
    help="A key's name or a keystore file. Not needed when only one key fits.",
)
@passphrase_option
@intake_options
@click.option(
    "--out",
    metavar="OUT",
    type=click.Path(allow_dash=True),
    help="Write to this new file; - is stdout, which is the default unless a code is drawn.",
)
@click.option("--force", is_flag=True, help="Replace existing files.")
@drawing_options(own_force=True)
@click.option(
    "--payload-only",
    is_flag=True,
    help="Write the bare body that gets posted, without network, signer and hash.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. Skips no check.")
@challenge_option
@state_option
@json_option
@pass_machine
def command(
    machine: Machine,
    /,
    *,
    files: tuple[str, ...],
    scanning: Scanning,
    keystore: str | None,
    passphrase_file: str | None,
    out: str | None,
    state_dir: str | None,
    force: bool,
    drawing: Drawing,
    payload_only: bool,
    yes: bool,
    asked: Asked | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Review requests, sign them and write the payloads.

    FILE is an unsigned request, a bare action, an array of them (a batch), or - for stdin.
    """
    require_one_stdin(*files, *options["markets"], passphrase_file)
    target = out if out is not None or drawing.wanted else STDIO
    if target is not None:
        require_output(target, force=force)
    require_drawable(drawing)
    intake = prepare_intake(machine, **options)
    requests, is_batch = take_requests(files, scanning, intake)
    challenge = take_challenge(asked, machine.entropy)
    output = _Output(target, force, payload_only, as_json, is_batch)
    _require_rules(requests, intake)
    ring = keyring(machine, state_dir)
    path = (
        ring.locate(keystore)
        if keystore is not None
        else ring.only_fitting(wanted_signer(requests))
    )
    closed = load_keystore(path)
    _require_fitting(machine, state_dir, closed, requests, intake)
    _require_size(requests, output)
    if closed.address is not None:
        requests = name_signer(requests, closed.address)
    _confirm(requests, closed, challenge, yes=yes)
    prepare_for_secrets(machine)
    key = unlock(closed, passphrase_file)
    if closed.address is None:
        requests = name_signer(requests, key.address)
        _confirm_key(requests, key.address, challenge, yes=yes)
    now = intake.later()
    if now is not None:
        require_timely(requests, now)
    ledger_file = ledger_path(machine, state_dir)
    make_folder(ledger_file.parent)
    with Ledger.open(ledger_file) as ledger:
        signed = sign_requests(requests, key, ledger, now)
    _write(signed, challenge, output)
    draw_message(SignedFile(tuple(one.payload for one in signed), is_batch), drawing)


def _require_rules(requests: Sequence[Placed], intake: Intake) -> None:
    if intake.now is None:
        say(
            "WARNING: no clock: nonce and expiry are NOT checked against the time (--no-clock)",
            fg="yellow",
            bold=True,
        )
    else:
        require_timely(requests, intake.now)
    require_distinct_nonces(requests)


def _require_fitting(
    machine: Machine,
    state_dir: str | None,
    closed: Keystore,
    requests: Sequence[Placed],
    intake: Intake,
) -> None:
    """What can be known of signer and ledger before anybody types a passphrase.

    All of it is checked again, and for good, once the key is open.
    """
    if closed.address is None:
        return
    require_signer(requests, closed.address)
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        ledger.rehearse(ledger_entries(requests, closed.address, intake.now))


def _require_size(requests: Sequence[Placed], output: _Output) -> None:
    """Refuse a batch whose signed file nobody could load again."""
    # Any address and any signature will do: all are of one length.
    twins = [unsigned_twin(placed, Address(bytes(ADDRESS_BYTES))) for placed in requests]
    size = len(output.document(twins))
    if size > MAX_BYTES:
        raise InputRefused(
            "batch-too-large",
            f"the signed batch would have {size} bytes, at most {MAX_BYTES} (1 MiB) can be read "
            "again",
            "split the batch into several files and sign each in a run of its own",
        )


def _confirm(
    requests: Sequence[Placed], closed: Keystore, challenge: Challenge | None, *, yes: bool
) -> None:
    """Show what will be signed and let the person decide.

    Raises:
        PersonDeclined: ``declined``.
    """
    reviews = [placed.review for placed in requests]
    whose = "this keystore" if closed.address is None else str(closed.address)
    count = "1 request" if len(requests) == 1 else f"{len(requests)} requests"
    say(f"To be signed with the key of {whose}: {count}", bold=True)
    show_reviews(reviews, challenge)
    if closed.address is None:
        say("The keystore names no address: it is shown, and asked for, once it is open.")
    if yes:
        say("Not asked for confirmation (--yes).")
        return
    _confirm_assets(requests)
    _require_yes(len(requests))


def _confirm_key(
    requests: Sequence[Placed], address: Address, challenge: Challenge | None, *, yes: bool
) -> None:
    """Show whose key a keystore without an address held, before anything is recorded.

    Raises:
        PersonDeclined: ``declined``.
    """
    say(f"The keystore holds the key of {address}.", bold=True)
    show_reviews([placed.review for placed in requests], challenge)
    if not yes:
        _require_yes(len(requests))


def _require_yes(count: int) -> None:
    """Have the number of requests typed too: nobody signs 1,000 for one they looked at."""
    wanted = "yes" if count == 1 else f"yes {count}"
    if " ".join(ask(f'Type "{wanted}" to sign').split()) != wanted:
        raise _declined()


def _confirm_assets(requests: Sequence[Placed]) -> None:
    """Have the ids of assets typed whose names nobody vouches for: that is what gets signed."""
    unnamed = {
        placed.request.signable.action.asset
        for placed in requests
        if any(caution.code in _UNNAMED for caution in placed.review.cautions)
    }
    if not unnamed:
        return
    prompt = (
        "Nobody vouches for the market's name. Type the asset id"
        if len(unnamed) == 1
        else f"Nobody vouches for the markets' names. Type the {len(unnamed)} asset ids, with "
        "spaces between"
    )
    typed = ask(prompt).replace(",", " ").split()
    if sorted(typed) != sorted(str(asset) for asset in unnamed):
        raise _declined()


def _declined() -> PersonDeclined:
    return PersonDeclined("declined", "not confirmed; nothing was signed or recorded")


def _write(signed: Sequence[Signed], challenge: Challenge | None, output: _Output) -> None:
    payloads = [one.payload for one in signed]
    if output.out is not None and (output.out != STDIO or not output.as_json):
        write_document(output.out, output.document(payloads), force=output.force)
    if output.as_json:
        emit_json(_report(signed, challenge, output))
        return
    for one in signed:
        if one.is_repeat:
            say(
                f"nonce {one.payload.signable.nonce}: this very request had been signed before",
                fg="yellow",
            )
    count = "1 request" if len(signed) == 1 else f"{len(signed)} requests"
    target = {None: "", STDIO: ", written to stdout"}.get(
        output.out, f", written to {printable(output.out or '')}"
    )
    say(f"signed {count} with the key of {payloads[0].signer}{target}", fg="green")


def _report(
    signed: Sequence[Signed], challenge: Challenge | None, output: _Output
) -> dict[str, object]:
    summaries = []
    subjects = [_subject(one.payload) for one in signed]
    whole = run_wire(subjects, challenge, is_batch=output.is_batch)
    for one, subject in zip(signed, subjects, strict=True):
        signable = one.payload.signable
        summaries.append(
            {
                "network": signable.network.value,
                "signer": str(one.payload.signer),
                "actionHash": "0x" + signable.action_hash().hex(),
                **words_wire(subject),
                "nonce": signable.nonce,
                "alreadySigned": one.is_repeat,
                **whole,
            }
        )
    report: dict[str, object] = {"signed": summaries}
    if output.out in (None, STDIO):
        wire = output.wire([one.payload for one in signed])
        report |= {"out": None, ("payloads" if output.is_batch else "payload"): wire}
    else:
        report["out"] = output.out
    return report


def _subject(payload: SignedPayload) -> Subject | None:
    return None if payload.signer is None else Subject(payload.signable.digest(), payload.signer)
