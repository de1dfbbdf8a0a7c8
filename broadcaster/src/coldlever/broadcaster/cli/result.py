"""What became of a payload: as exit status, as JSON and for people."""

from __future__ import annotations

from coldlever.broadcaster.cli.show import colour_of, name_row
from coldlever.broadcaster.fate import NonceState, Reading, Verdict, exit_status
from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.post import (
    Held,
    Result,
    can_land_until,
    load_before,
    make_receipt,
    offer_of,
)
from coldlever.shared.action.what import What
from coldlever.shared.cli.console import say
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment

_STATES = {
    NonceState.UNSENT: "it was never sent from here",
    NonceState.OPEN: "it was sent, and no answer settles it",
    NonceState.NOT_ADMITTED: "the exchange refused it before it took the nonce",
    NonceState.SPENT_ACCEPTED: "the exchange accepted it",
    NonceState.SPENT_REFUSED: "the exchange refused it, and its nonce is used up",
    NonceState.SPENT: (
        "its nonce is used up, and nobody told by what: it landed, or was refused, or another "
        "action took the nonce"
    ),
    NonceState.DEAD: "it never landed and never can",
    NonceState.LAPSED: "it can land no more; whether it ever had was never learnt",
    NonceState.LEGACY: "release 0.1 recorded it, under weaker evidence",
}
_REVOCATION_STATES = {
    NonceState.UNSENT: "it was never sent from here; what it kills is not sent any more either",
    NonceState.OPEN: "it was sent, and no answer settles it",
    NonceState.NOT_ADMITTED: (
        "the exchange refused it before it took the nonce: what it would kill can still land"
    ),
    NonceState.SPENT_ACCEPTED: "the exchange took the nonce for it: nothing else lands with that",
    NonceState.SPENT_REFUSED: "the exchange refused it, and the nonce is used up all the same",
    NonceState.SPENT: "the nonce was used up before, and nobody told by what",
    NonceState.DEAD: "it never took the nonce and never can",
    NonceState.LAPSED: "the nonce has left the exchange's window: nothing lands with it any more",
}
_READINGS = {
    Reading.SHOWS: "the account shows the change",
    Reading.IN_FORCE: "the account is as asked; that alone would not prove it",
    Reading.OTHERWISE: "the account is not as asked",
    Reading.SUPERSEDED: "a later payload for the same market was sent",
    Reading.UNCLEAR: "what moved in the account is not this amount alone",
}
_HELD = {
    Held.NOT_ADMITTED: "`post` its file to have it checked again and sent; `resolve` sends nothing "
    "that was never admitted",
    Held.UNKNOWN_WORDS: "not sent again: nobody here knows what the exchange's words mean",
    Held.EXPIRED: "not sent again: it has just expired; run `resolve` in a minute",
    Held.MARKET_CHANGED: "not sent again: its market has been changed since, and it would be "
    "changed back",
    Held.OLDER_OPEN: "not sent again: another payload for its market is open; resolve that one, or "
    "`post` the file of this one with --after-open",
    Held.REVOKED: "not sent again: it was revoked from here; `resolve` goes on with its revocation",
    Held.LAPSED_PROBE: "sending it once more would tell: the exchange refuses it as expired if it "
    "had not arrived, as a duplicate if it had",
}


def result_status(result: Result) -> int:
    """The exit status of one result."""
    return exit_status(result.row.verdict)


def result_wire(result: Result) -> dict[str, object]:
    """A result as JSON."""
    row = result.row
    wire: dict[str, object] = {
        "what": row.key.what.value,
        "status": row.verdict.value,
        "nonceState": row.state.value,
        "account": row.reading.value,
        "supersededBy": row.superseded_by,
        "supersededByNumber": None if result.superseded_by is None else result.superseded_by + 1,
        "code": row.code,
        "sentence": row.sentence,
        "advice": result.advice,
        "held": None if result.held is None else result.held.value,
        "alreadyPosted": result.already and row.attempts > 0,
        "exchange": result.receipt["exchange"],
        "remedy": result.receipt["remedy"],
        "receipt": result.receipt,
    }
    if row.key.what is What.REVOCATION:
        wire["killed"] = None if result.killed is None else _killed_wire(result.killed)
    return wire


def _killed_wire(row: Row) -> dict[str, object]:
    return {
        "status": row.verdict.value,
        "nonceState": row.state.value,
        "account": row.reading.value,
        "receipt": make_receipt(row, None),
    }


def show_result(result: Result) -> None:
    """Print what became of a payload."""
    row = result.row
    if result.already and row.attempts > 0:
        say(f"not sent again: this {row.key.what.value} was handed to the exchange before")
    say(
        f"{row.verdict.value.upper()}: {name_row(row)}, nonce {row.key.nonce}",
        fg=colour_of(row.verdict),
        bold=True,
    )
    states = _REVOCATION_STATES if row.key.what is What.REVOCATION else _STATES
    say(f"  {row.state.value}: {states[row.state]}{_legacy(row)}")
    if row.reading in _READINGS:
        say(f"  account: {_READINGS[row.reading]}{_by_whom(result)}")
    if row.sentence is not None:
        say(f"  {row.code}: {row.sentence}")
    if result.seen is not None:
        before = load_before(row)
        was = "" if before is None else f" (before: {before})"
        say(f"  in force now: {result.seen}{was}")
    if result.advice is not None:
        say(f"  advice: {result.advice}")
    if row.key.what is What.REVOCATION:
        say(f"  {_what_was_killed(result.killed)}", bold=True)
    for line in _what_next(result):
        say(f"  {line}", fg="yellow")


def _by_whom(result: Result) -> str:
    if result.row.superseded_by is None:
        return ""
    place = "" if result.superseded_by is None else f" (#{result.superseded_by + 1} of this run)"
    return f": nonce {result.row.superseded_by}{place}"


def _what_was_killed(row: Row | None) -> str:
    if row is None:
        return "what it kills: this ledger does not know what was signed with the nonce"
    told = f"what it kills ({name_row(row)}): {row.state.value}: {_STATES[row.state]}"
    if row.state in (NonceState.SPENT, NonceState.SPENT_ACCEPTED) and row.reading in _READINGS:
        told += f"; {_READINGS[row.reading]}"
    return f"{told} ({row.verdict.value.upper()})"


def _legacy(row: Row) -> str:
    return "" if row.legacy is None else f' (as "{printable(row.legacy, limit=20)}")'


def _offer(result: Result, until: int) -> str | None:
    if result.held is Held.REVOKED:
        return "a revocation of them is recorded here"
    return offer_of(result.row, until)


def _what_next(result: Result) -> list[str]:
    row, lines = result.row, []
    if result.held is not None:
        lines.append(_HELD[result.held])
    if result.held is Held.LAPSED_PROBE:
        lines.append(f"run `coldlever-broadcaster resolve --nonce {row.key.nonce} --probe`")
    until = can_land_until(row)
    if until is not None:
        lines.append(f"these bytes can still land until {moment(until)}: {_offer(result, until)}")
    if row.state is NonceState.OPEN:
        lines.append(
            "Run `coldlever-broadcaster resolve`; sign no new request for this change before it "
            "is settled."
        )
    if row.verdict in (Verdict.UNKNOWN, Verdict.IN_EFFECT) and until is None:
        lines.append("No answer is to come any more: look at the account, then draft again.")
    return lines
