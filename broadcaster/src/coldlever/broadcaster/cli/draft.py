"""``draft``: an unsigned request from live market data."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from decimal import Decimal, DecimalException

import click

from coldlever.broadcaster.cli.attested import attach, read_attested
from coldlever.broadcaster.cli.context import (
    ADDRESS,
    connect_any,
    open_ledger,
    venue_options,
)
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.cli.show import show_finding
from coldlever.broadcaster.draft import (
    Change,
    Draft,
    MoveMargin,
    SetLeverage,
    TopUp,
    Wish,
    make_draft,
    margin_estimate,
)
from coldlever.shared.action import Address, Network, Setting, UpdateLeverage
from coldlever.shared.action.actions import MICRO_USD, parse_action
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import (
    dump_document,
    emit_json,
    say,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.errors import InputRefused, UsageRefused
from coldlever.shared.message import RequestFile
from coldlever.shared.message.check_words import Challenge, run_wire, words_wire
from coldlever.shared.message.request import NOTE_MAX_LENGTH
from coldlever.shared.message.review import review
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing
from coldlever.shared.reading import SAFE_INTEGER_MAX, U32_MAX, Where
from coldlever.shared.reading.times import parse_duration

# A longer validity is pointless: the exchange refuses nonces older than two days.
_MAX_VALIDITY_MS = 2 * 86_400_000


@click.command(cls=ChallengeCommand, short_help="Write an unsigned request from live data.")
@click.option("--coin", required=True, help="Market name, such as BTC, kPEPE or xyz:TSLA.")
@click.option("--leverage", type=click.IntRange(1, U32_MAX), help="The leverage to set.")
@click.option("--cross", "mode", flag_value="cross", help="With --leverage: cross margin.")
@click.option("--isolated", "mode", flag_value="isolated", help="With --leverage: isolated margin.")
@click.option("--add-margin", metavar="USD", help="Add margin to the open isolated position.")
@click.option("--remove-margin", metavar="USD", help="Remove margin from it.")
@click.option(
    "--top-up", metavar="LEVERAGE", help="Bring a strict-isolated position to this leverage."
)
@click.option("--account", type=ADDRESS, required=True, help="The account that will sign.")
@click.option("--vault", type=ADDRESS, help="Act on this vault or sub-account.")
@click.option("--signer", type=ADDRESS, help="Who signs, if not the account's own key.")
@click.option(
    "--valid-for", default="1h", show_default=True, metavar="DURATION", help="At most 2d."
)
@click.option(
    "--no-expiry",
    is_flag=True,
    help="Leave the expiry out (postable until its nonce is two days old).",
)
@click.option(
    "--attested",
    metavar="TABLE",
    help="A table of `coldlever-signer market attest`, to show who vouches for the market.",
)
@click.option("--note", help="Words for the person who signs; not covered by the signature.")
@click.option("--out", metavar="PATH", help="File to make; - is stdout (default without a code).")
@click.option("--force", is_flag=True, help="Replace existing files.")
@drawing_options(own_force=True)
@challenge_option
@network_option("Which network; without it mainnet, or what the rehearsal exchange plays.")
@venue_options
@pass_machine
def draft(
    machine: Machine,
    *,
    coin: str,
    leverage: int | None,
    mode: str | None,
    add_margin: str | None,
    remove_margin: str | None,
    top_up: str | None,
    account: Address,
    vault: Address | None,
    signer: Address | None,
    valid_for: str,
    no_expiry: bool,
    note: str | None,
    attested: str | None,
    out: str | None,
    force: bool,
    drawing: Drawing,
    asked: Asked | None,
    network: Network | None,
    api_url: str | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Write an unsigned request, and show what it would change.

    \b
    Examples:
      draft --coin BTC --leverage 10 --cross --account 0x...
      draft --coin xyz:TSLA --leverage 5 --isolated --account 0x... --vault 0x...
      draft --coin ETH --add-margin 250 --account 0x...

    The network is mainnet unless --network says otherwise (with --api-url: what the rehearsal
    exchange plays). The nonce comes from the exchange's clock.
    """  # noqa: D301 - \b is click's mark for text that must not be wrapped
    change = _change(leverage, mode, add_margin, remove_margin, top_up)
    if note is not None and len(note) > NOTE_MAX_LENGTH:
        raise UsageRefused("note-too-long", f"a note has at most {NOTE_MAX_LENGTH} characters")
    validity = None if no_expiry else _validity(valid_for)
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    vouched = None if attested is None else read_attested(attested)
    with closing(open_ledger(machine, state_dir)) as ledger:
        connection = connect_any(machine, network, api_url, ledger)
        made = make_draft(
            connection.exchange,
            ledger,
            Wish(coin, change, account, vault, signer, validity, note),
        )
    if vouched is not None:
        made = replace(made, request=attach(made.request, vouched))
    challenge = take_challenge(asked, machine.entropy)
    message = RequestFile((made.request,), is_batch=False)
    document = dump_document(made.request.to_wire())
    delivery = outlet.prove(message, document)
    if not as_json:
        _show(made, challenge)
    delivery.deliver(message, document)
    if outlet.file is not None:
        say(f"unsigned request written to {printable(outlet.file)}", fg="green")
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(_wire(made, challenge, outlet.file))


def _change(
    leverage: int | None,
    mode: str | None,
    add_margin: str | None,
    remove_margin: str | None,
    top_up: str | None,
) -> Change:
    given = [
        name
        for name, value in (
            ("--leverage", leverage),
            ("--add-margin", add_margin),
            ("--remove-margin", remove_margin),
            ("--top-up", top_up),
        )
        if value is not None
    ]
    if len(given) != 1:
        raise UsageRefused(
            "one-change",
            "give exactly one of --leverage, --add-margin, --remove-margin and --top-up",
        )
    if (mode is not None) != (leverage is not None):
        raise UsageRefused(
            "margin-mode-missing",
            "--leverage needs --cross or --isolated, and they need --leverage",
            "say which: the exchange sets both at once",
        )
    if leverage is not None:
        return SetLeverage(mode == "cross", leverage)
    if add_margin is not None:
        return MoveMargin(_micro_usd(add_margin))
    if remove_margin is not None:
        return MoveMargin(-_micro_usd(remove_margin))
    wire = {"type": "topUpIsolatedOnlyMargin", "asset": 0, "leverage": top_up}
    try:
        parse_action(wire, Where("--top-up"))  # type: ignore[arg-type]
    except InputRefused as error:
        raise UsageRefused(error.code, error.message, error.remedy) from None
    return TopUp(str(top_up))


def _micro_usd(text: str) -> int:
    try:
        amount = Decimal(text) * MICRO_USD
    except DecimalException:
        amount = Decimal("NaN")
    # The bounds first: int() of a huge exponent would fill the memory.
    if not (amount.is_finite() and 0 < amount <= SAFE_INTEGER_MAX and amount == int(amount)):
        raise UsageRefused(
            "bad-amount",
            f'found "{printable(text, limit=40)}", expected USD above 0 with at most six decimals',
        )
    return int(amount)


def _validity(text: str) -> int:
    validity = parse_duration(text)
    if validity > _MAX_VALIDITY_MS:
        raise UsageRefused(
            "bad-duration",
            "--valid-for is at most 2d: the exchange takes no older nonces",
        )
    return validity


def _show(made: Draft, challenge: Challenge | None) -> None:
    show_reviews([review(made.request)], challenge)
    say()
    action = made.request.signable.action
    if isinstance(action, UpdateLeverage):
        wanted = Setting(action.is_cross, action.leverage)
        say(f"  Changes: from {made.standing.setting} to {wanted}", bold=True)
        estimate = margin_estimate(made.standing, wanted)
        if estimate is not None:
            say(f"  Margin used: {estimate[0]} USD now, about {estimate[1]} USD after")
    elif made.standing.position is not None:
        say(f"  Margin used now: {made.standing.position.margin_used} USD", bold=True)
    for finding in (*made.objections, *made.cautions):
        show_finding(finding)
    if made.objections:
        say("  As things stand, the exchange will refuse this.", fg="red", bold=True)


def _wire(made: Draft, challenge: Challenge | None, out: str | None) -> dict[str, object]:
    shown = review(made.request)
    return {
        "request": made.request.to_wire(),
        "current": made.standing.setting.to_wire(),
        "marginUsed": _margin_wire(made),
        "warnings": [{"code": caution.code, "text": caution.text} for caution in shown.cautions],
        **words_wire(shown.subject),
        **run_wire([shown.subject], challenge, is_batch=False),
        "checks": [finding.to_wire() for finding in (*made.objections, *made.cautions)],
        "out": out,
    }


def _margin_wire(made: Draft) -> dict[str, str] | None:
    action = made.request.signable.action
    if not isinstance(action, UpdateLeverage):
        return None
    estimate = margin_estimate(made.standing, Setting(action.is_cross, action.leverage))
    if estimate is None:
        return None
    return {"before": str(estimate[0]), "after": str(estimate[1])}
