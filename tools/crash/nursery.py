"""A nursery: it forks children that run the broadcaster's real command line, so that none has to start anew.

One order a line comes in, as JSON; the child's process id goes out, then how it ended. An ended child keeps
its id until the next order comes in, so that nobody can kill another process in its place. Only the pauses
of the children are shorter than a person's machine would make them.

Sabotage is for the check of the check: a wrong rule, put into the children alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from coldlever.broadcaster.cli import check, cli, history, machine, post, resolve
from coldlever.broadcaster.fate import Event, NonceState, Reading, transition
from coldlever.broadcaster.ledger import Row, store
from coldlever.broadcaster.venue import ruling

_LOADED = (check, history, post, resolve, store)
# A pause of a second takes as many seconds here.
_HASTE = 1 / 50
# A child that takes longer hangs.
LIMIT_S = 60
DEFECT = 70


def _duplicate_is_accepted() -> None:
    """The rule of release 0.1."""
    transition._TABLE[NonceState.OPEN][Event.DUPLICATE] = NonceState.SPENT_ACCEPTED  # noqa: SLF001


def _gateway_is_refusal() -> None:
    honest = ruling.classify

    def hopeful(reply: Any) -> ruling.Ruling:
        found = honest(reply)
        if found.code != "exchange-unavailable":
            return found
        return ruling.Ruling(Event.REFUSED_AFTER, "refused", found.sentence, answer=found.answer)

    for module in list(sys.modules.values()):
        if vars(module).get("classify") is honest:
            vars(module)["classify"] = hopeful


def _end_is_never() -> None:
    for known in (NonceState.OPEN, NonceState.UNSENT, NonceState.NOT_ADMITTED):
        del transition._TABLE[known][Event.END_PASSED]  # noqa: SLF001


def _attempt_is_recorded_after_it() -> None:
    """What dies between sending and answer was never recorded as sent."""
    begin, record = store.Ledger.begin_attempt, store.Ledger.record_answer
    put_off: list[tuple[Any, ...]] = []

    def begin_later(_ledger: Any, row: Row, *arguments: Any) -> Row:
        put_off[:] = [(row, *arguments)]
        return replace(
            row,
            state=NonceState.OPEN,
            reading=Reading.NOT_READ,
            unanswered=row.unanswered + 1,
            attempts=row.attempts + 1,
        )

    def record_both(ledger: Any, *arguments: Any, **options: Any) -> Any:
        begin(ledger, *put_off.pop())
        return record(ledger, *arguments, **options)

    store.Ledger.begin_attempt = begin_later
    store.Ledger.record_answer = record_both


SABOTAGE: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "duplicate-is-accepted": _duplicate_is_accepted,
    "gateway-is-refusal": _gateway_is_refusal,
    "end-is-never": _end_is_never,
    "recorded-after": _attempt_is_recorded_after_it,
}


def main() -> None:
    SABOTAGE[sys.argv[1]]()
    child = 0
    for line in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = _serve(json.loads(line))


def _serve(order: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        _work(order)
    print(child, flush=True)
    if order["killAfter"] is not None:
        time.sleep(order["killAfter"])
        os.kill(child, signal.SIGKILL)
    how = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert how is not None
    is_exit = how.si_code == os.CLD_EXITED
    print(how.si_status if is_exit else -how.si_status, flush=True)
    return child


def _work(order: dict[str, Any]) -> NoReturn:
    status: Any = DEFECT
    try:
        signal.alarm(LIMIT_S)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor, path in ((1, order["out"]), (2, order["err"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        calm = machine.Machine(sleep=lambda seconds: time.sleep(seconds * _HASTE))
        cli.main(order["words"], "coldlever-broadcaster", obj=calm)
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - a defect is told, and the child never returns from here
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else DEFECT)


if __name__ == "__main__":
    main()
