"""``revoke``: the unsigned request that kills a signed payload."""

from __future__ import annotations

from contextlib import closing

import click

from coldlever.broadcaster.cli.context import open_ledger, venue_options
from coldlever.broadcaster.cli.load import load_items
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.ledger import Ledger
from coldlever.broadcaster.post.revocation import known_payload, revocation_of
from coldlever.broadcaster.post.row import payload_of
from coldlever.broadcaster.venue import choose_venue
from coldlever.shared.action import Network
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import dump_document, emit_json, say
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options, scanning_options
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.errors import UsageRefused
from coldlever.shared.message import Request, RequestFile
from coldlever.shared.message.check_words import run_wire, words_wire
from coldlever.shared.message.review import review
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing, Scanning


@click.command(cls=ChallengeCommand, short_help="Write the request that kills a signed payload.")
@click.argument("files", nargs=-1, metavar="[SIGNED...]")
@scanning_options()
@click.option("--nonce", type=int, help="Instead of a file: the nonce of a payload in the ledger.")
@click.option("--out", metavar="PATH", help="File to make; - is stdout (default without a code).")
@click.option("--force", is_flag=True, help="Replace existing files.")
@drawing_options(own_force=True)
@challenge_option
@network_option()
@venue_options
@pass_machine
def revoke(
    machine: Machine,
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    nonce: int | None,
    out: str | None,
    force: bool,
    drawing: Drawing,
    asked: Asked | None,
    network: Network | None,
    api_url: str | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Write an unsigned request that kills a signed payload, so that it can land no more.

    \b
    Examples:
      revoke signed.json --out kill.json
      revoke --nonce 1795340000000 --qr

    SIGNED is the payload, or a batch; with --nonce it is looked up in the ledger. Sign what this
    writes with the key that signed the payload, and `post` it: a noop with the same nonce, which
    changes nothing and leaves no room for anything else. Nothing is sent from here.
    """  # noqa: D301 - \b is click's mark for text that must not be wrapped
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    if (nonce is None) == (not files and not scanning.wanted):
        raise UsageRefused("one-payload", "give either SIGNED or --nonce", "say what to revoke")
    with closing(open_ledger(machine, state_dir)) as ledger:
        if nonce is None:
            message = _from_files(ledger, files, scanning, network, api_url)
        else:
            message = _from_ledger(ledger, nonce, network, api_url)
        challenge = take_challenge(asked, machine.entropy)
        document = dump_document(_document(message))
        delivery = outlet.prove(message, document)
        now, drafted = machine.clock(), ledger.author.drafted
        ledger.note(*(drafted(one.signable, one.signer, now) for one in message.requests))
    reviews = [review(request) for request in message.requests]
    if not as_json:
        show_reviews(reviews, challenge)
    delivery.deliver(message, document)
    if outlet.file is not None:
        say(f"unsigned request written to {printable(outlet.file)}", fg="green")
    say("next: sign it with the key that signed the payload, then `coldlever-broadcaster post` it")
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        subjects = [one.subject for one in reviews]
        whole = run_wire(subjects, challenge, is_batch=message.is_batch)
        wires = [
            _wire(request) | words_wire(subject) | whole | {"out": outlet.file}
            for request, subject in zip(message.requests, subjects, strict=True)
        ]
        emit_json(wires if message.is_batch else wires[0])


def _from_files(
    ledger: Ledger,
    files: tuple[str, ...],
    scanning: Scanning,
    network: Network | None,
    api_url: str | None,
) -> RequestFile:
    items = load_items(files, network, scanning)
    payloads = [item.payload for item in items.items]
    keys = {one: choose_venue(one, api_url).key for one in Network}
    requests = tuple(revocation_of(one, ledger, keys[one.signable.network]) for one in payloads)
    return RequestFile(requests, items.is_batch)


def _from_ledger(
    ledger: Ledger, nonce: int, network: Network | None, api_url: str | None
) -> RequestFile:
    venue = None if api_url is None or network is None else choose_venue(network, api_url).key
    row = known_payload(ledger, nonce, network, venue)
    return RequestFile((revocation_of(payload_of(row), ledger, row.key.venue),), is_batch=False)


def _document(message: RequestFile) -> object:
    wires = [request.to_wire() for request in message.requests]
    return wires if message.is_batch else wires[0]


def _wire(request: Request) -> dict[str, object]:
    return {"request": request.to_wire(), "kills": review(request).kills}
