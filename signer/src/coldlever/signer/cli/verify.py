"""`verify`: who signed, and is it what the file says?"""

from __future__ import annotations

import click

from coldlever.shared.action import Address, Network
from coldlever.shared.cli.console import emit_json, json_option, say, say_refusal
from coldlever.shared.cli.loading import load_input
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Caution, Defaults, Request, SignedPayload
from coldlever.shared.message.any import SIGNED
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading import Where
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.intake import files_argument, require_one_stdin
from coldlever.signer.cli.signer_option import signer_option
from coldlever.signer.inspection import Inspection, inspect_payload

_EPILOG = """\b
Examples:
  coldlever-signer verify signed.json
  coldlever-signer verify body.json --network mainnet --signer 0xYourAddress
  coldlever-signer verify batch.json --json | jq '.[] | {ok, signer}'

A bare body (--payload-only) says neither its network nor its signer: a changed byte then only
changes the recovered signer, so give --signer. All payloads are checked even when one fails; the
exit status is 4 then.
"""


@caged
@click.command("verify", epilog=_EPILOG)
@files_argument
@scanning_options()
@network_option()
@signer_option("The address that must have signed.")
@json_option
def command(
    files: tuple[str, ...],
    network: Network | None,
    signer: Address | None,
    *,
    scanning: Scanning,
    as_json: bool,
) -> int:
    """Check the signature of payloads and show who signed what.

    FILE is a signed payload, a bare body with its signature, an array of them, or - for stdin.
    """
    require_one_stdin(*files)
    given = load_input(files, scanning, SIGNED, Defaults(network))
    inspections = [
        (spot, _look_at(payload, signer))
        for file in given.messages
        for payload, spot in file.message.placed(file.where)
    ]
    if as_json:
        wires = [_wire(one) for _, one in inspections]
        emit_json(wires if given.is_batch else wires[0])
    else:
        _show(inspections)
    failed = any(one.fault is not None for _, one in inspections)
    return RuleRefused.exit_status if failed else 0


def _look_at(payload: SignedPayload, expected: Address | None) -> Inspection:
    one = inspect_payload(payload, Request(payload.signable, account=payload.account), expected)
    if one.fault is None and payload.signer is None and expected is None:
        return one.cautioned(
            Caution(
                "signer-unclaimed",
                f"nothing says who should have signed; it was {one.signer}: compare the address, "
                "or give --signer",
            )
        )
    return one


def _wire(one: Inspection) -> dict[str, object]:
    wire = {"ok": one.fault is None, **one.to_wire()}
    if one.fault is not None:
        wire["error"] = one.fault.to_wire()
    return wire


def _show(inspections: list[tuple[Where, Inspection]]) -> None:
    good = [one for _, one in inspections if one.fault is None]
    if good:
        show_reviews([one.review for one in good])
    for where, one in inspections:
        if one.fault is None:
            say(f"ok: {_label(where)}: signed by {one.signer}", fg="green")
        else:
            say_refusal(one.fault.at(_label(where)))


def _label(where: Where) -> str:
    """The file alone where it holds a single payload."""
    return printable(where.source) if where.path == "$" else str(where)
