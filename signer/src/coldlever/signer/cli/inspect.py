"""`inspect`: show what would be, or was, signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from coldlever.shared.cli.loading import load_input
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.message import Request, RequestFile, SignedFile
from coldlever.shared.message.any import SIGNABLE
from coldlever.shared.message.check_words import run_wire
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading import Where
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.intake import (
    Intake,
    files_argument,
    intake_options,
    prepare_intake,
    require_one_stdin,
)
from coldlever.signer.cli.killed import killed
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.named_signer import named_signer, signer_options
from coldlever.signer.inspection import Inspection, inspect_payload, inspect_request
from coldlever.signer.rules import Placed, name_signer

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


@caged
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
    signer: Address | None,
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
    given = load_input(files, scanning, SIGNABLE, intake.defaults)
    with killed(machine, state_dir) as recalled:
        inspections = [
            one
            for file in given.messages
            for one in _inspect(file.message, file.where, intake, who, recalled)
        ]
    challenge = take_challenge(asked, machine.entropy)
    if as_json:
        subjects = [one.review.subject for one in inspections]
        whole = run_wire(subjects, challenge, is_batch=given.is_batch)
        wires = [one.to_wire() | whole for one in inspections]
        emit_json(wires if given.is_batch else wires[0])
        return
    say(f"{len(inspections)} actions:" if given.is_batch else "This action:", bold=True)
    show_reviews([one.review for one in inspections], challenge)


def _inspect(
    file: RequestFile | SignedFile,
    where: Where,
    intake: Intake,
    signer: Address | None,
    recalled: Callable[[Placed], Placed],
) -> Iterator[Inspection]:
    if isinstance(file, RequestFile):
        placed = intake.place(file, where)
        for one in placed if signer is None else name_signer(tuple(placed), signer):
            yield inspect_request(recalled(one), intake.now)
        return
    for payload, spot in file.placed(where):
        named = intake.name(Request(payload.signable, account=payload.account), spot)
        yield inspect_payload(payload, named, signer)
