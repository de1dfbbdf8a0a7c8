"""`inspect`: show what would be, or was, signed."""

from __future__ import annotations

from typing import Any

import click

from coldlever.shared.action import Address
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.cli.handover import Expected
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.message import Request
from coldlever.shared.message.check_words import run_wire
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading import JsonValue, Where
from coldlever.signer.cli.intake import (
    Intake,
    files_argument,
    intake_options,
    place_requests,
    prepare_intake,
    read_input,
    require_one_stdin,
)
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.named_signer import named_signer, signer_options
from coldlever.signer.inspection import Inspection, inspect_request
from coldlever.signer.rules import name_signer

_EPILOG = """\b
Examples:
  coldlever-signer inspect request.json
  coldlever-signer inspect batch.json --market market.json
  coldlever-signer inspect action.json --network testnet --valid-for 30m
  coldlever-signer inspect request.json --json | jq -r .checkWords

The review goes to stderr, as all text for people does; --json prints one object for a single
request, and an array for a batch or for several files. Nothing is refused for its time here: what
the time rules say stands among the warnings.

Check words are those of a request and its signer: a request that names none needs --signer or
--keystore to have them.
"""


@click.command("inspect", cls=ChallengeCommand, epilog=_EPILOG)
@files_argument
@scanning_options()
@intake_options
@signer_options
@challenge_option
@json_option
@pass_machine
def command(
    machine: Machine,
    /,
    *,
    files: tuple[str, ...],
    scanning: Scanning,
    signer: str | None,
    keystore: str | None,
    asked: Asked | None,
    state_dir: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show what a request would do, without signing it.

    FILE is an unsigned request, a bare action, a signed payload, an array of them, or - for stdin.
    """
    require_one_stdin(*files, *options["markets"])
    intake = prepare_intake(machine, **options)
    who = named_signer(machine, signer, keystore, state_dir)
    inspections: list[Inspection] = []
    is_batch = len(files) > 1
    for value, where in read_input(files, scanning, Expected.SIGNABLE):
        found, is_array = _inspect(value, where, intake, who, len(inspections))
        inspections += found
        is_batch = is_batch or is_array
    challenge = take_challenge(asked, machine.entropy)
    if as_json:
        subjects = [one.review.subject for one in inspections]
        whole = run_wire(subjects, challenge, is_batch=is_batch)
        wires = [one.to_wire() | whole for one in inspections]
        emit_json(wires if is_batch else wires[0])
        return
    say(f"{len(inspections)} actions:" if is_batch else "This action:", bold=True)
    show_reviews([one.review for one in inspections], challenge)


def _inspect(
    value: JsonValue, where: Where, intake: Intake, signer: Address | None, earlier: int
) -> tuple[list[Inspection], bool]:
    if _looks_signed(value[0] if isinstance(value, list) and value else value):
        return _inspect_signed(value, where, intake, signer)
    placed, is_array = place_requests(value, where, intake, earlier)
    if signer is not None:
        placed = list(name_signer(placed, signer))
    return [inspect_request(one, intake.now) for one in placed], is_array


def _inspect_signed(
    value: JsonValue, where: Where, intake: Intake, signer: Address | None
) -> tuple[list[Inspection], bool]:
    # Requests are what is inspected most; they need not wait for these.
    from coldlever.shared.message import parse_signed  # noqa: PLC0415 - see above
    from coldlever.signer.inspection import inspect_payload  # noqa: PLC0415 - see above

    parsed = parse_signed(value, where, intake.network)
    inspections = []
    for payload in parsed.payloads:
        named = intake.name(Request(payload.signable, account=payload.account), where)
        inspections.append(inspect_payload(payload, named, signer))
    return inspections, parsed.is_batch


def _looks_signed(value: JsonValue) -> bool:
    return isinstance(value, dict) and (
        "signature" in value or ("kind" in value and "payload" in value)
    )
