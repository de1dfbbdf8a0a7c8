"""What became of a payload: as exit status, as JSON and for people."""

from __future__ import annotations

from coldlever.broadcaster.cli.show import colour_of
from coldlever.broadcaster.ledger import Row, State
from coldlever.broadcaster.post import EFFECT_NOT_SEEN, TIME_HAS_SETTLED, Result, load_snapshot
from coldlever.shared.cli.console import say
from coldlever.shared.errors import ExchangeRefused, OutcomeUnknown, RuleRefused
from coldlever.shared.printable import printable

_STATUS = {
    State.CONFIRMED: "confirmed",
    State.ACCEPTED: "accepted",
    State.REJECTED: "rejected",
    State.WITHDRAWN: "withdrawn",
    State.CLOSED: "closed",
}


def result_status(result: Result) -> int:
    """The exit status of one result."""
    row = result.row
    if row.state is State.CONFIRMED:
        return 0
    if row.state is State.ACCEPTED:
        return OutcomeUnknown.exit_status if row.code == EFFECT_NOT_SEEN else 0
    if row.state is State.REJECTED:
        return ExchangeRefused.exit_status
    if row.state in (State.WITHDRAWN, State.CLOSED):
        return RuleRefused.exit_status
    return OutcomeUnknown.exit_status


def result_wire(result: Result) -> dict[str, object]:
    """A result as JSON."""
    row = result.row
    return {
        "status": _STATUS.get(row.state, "unknown"),
        "code": row.code,
        "sentence": row.sentence,
        "advice": result.advice,
        "alreadyPosted": result.already,
        "exchange": result.receipt["exchange"],
        "receipt": result.receipt,
    }


def show_result(result: Result) -> None:
    """Print what became of a payload."""
    row = result.row
    status = _STATUS.get(row.state, "unknown").upper()
    if result.already:
        say("not sent again: this payload was handed to the exchange before")
    coin = printable(row.coin, limit=40)
    say(f"{status}: {coin}, nonce {row.key.nonce}", fg=colour_of(row.state), bold=True)
    say(f"  {row.code}: {row.sentence}")
    if result.after is not None:
        before = "" if row.before is None else f" (before: {load_snapshot(row.before)})"
        say(f"  in force now: {result.after}{before}")
    if result.advice is not None:
        say(f"  advice: {result.advice}")
    if result_status(result) == OutcomeUnknown.exit_status:
        say(f"  {_what_next(row)}", fg="yellow")


def _what_next(row: Row) -> str:
    if row.code in TIME_HAS_SETTLED or row.code == EFFECT_NOT_SEEN:
        return (
            "No answer will settle this any more. Look at the account; then `coldlever-broadcaster "
            f"resolve --nonce {row.key.nonce} --close` ends it."
        )
    return (
        "The outcome is not known yet. Run `coldlever-broadcaster resolve`; sign no new request "
        "for this change before it is."
    )
