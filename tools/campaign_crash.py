"""Kill `post` and `resolve` at any moment, and hold what they say against what the exchange did.

Scenes of some payloads on two hosts (state folders) play against a rehearsal exchange with lost, late and
mangled answers, refusals before and after the nonce is taken, words that nobody knows, rivals, clocks that
jump, and old copies of a ledger put back. Most commands are killed: at a random time, when the request
arrives, once it is carried out, right after the answer, or while the interpreter starts. After each one the
ledgers and whatever was printed are judged by the exchange's own journal; at the end of a scene everything
open has to come to an end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.util import Finalize

from crash.children import Nursery
from crash.judge import KINDS
from crash.nursery import SABOTAGE
from crash.scene import Tally, play

_LOOK_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is.

    Args:
        kills: at least how many.
        seed: of all that is drawn. The same seed draws the same; at what instruction a process dies
            is up to the machine.
        workers: how many scenes at once.
        sabotage: a wrong rule for the children, to check the check.
        until: a kind of wrong that ends it early, or "".
    """

    kills: int
    seed: int
    workers: int = 2
    sabotage: str = "none"
    until: str = ""


def campaign(plan: Plan, tell: Callable[[Tally], None] = lambda _so_far: None) -> Tally:
    """Play scenes until there were enough kills."""
    whole = Tally()
    for tally in _scenes(plan):
        whole.add(tally)
        tell(whole)
        is_found = any(one.kind == plan.until for one in whole.wrong)
        if is_found or whole.kills.total() >= plan.kills:
            break
    return whole


def _scenes(plan: Plan) -> Iterator[Tally]:
    names = (f"{plan.seed}/{number}" for number in range(sys.maxsize))
    if plan.workers == 1:
        with _nurseries(plan.sabotage) as pair:
            yield from (play(name, pair) for name in names)
    spawning = multiprocessing.get_context("spawn")
    opened = (_open_nurseries, (plan.sabotage,))
    with ProcessPoolExecutor(plan.workers, spawning, *opened) as pool:
        waiting: list[Future[Tally]] = []
        try:
            for name in names:
                waiting.append(pool.submit(_play_here, name))
                if len(waiting) >= plan.workers * _LOOK_AHEAD:
                    yield waiting.pop(0).result()
        finally:
            for one in waiting:
                one.cancel()


# A worker's own, which serve all its scenes.
_OWN: list[Nursery] = []


def _open_nurseries(sabotage: str) -> None:
    opened = ExitStack()
    _OWN.extend(opened.enter_context(_nurseries(sabotage)))
    # What `atexit` would do is not done in a worker.
    Finalize(None, opened.close, exitpriority=1)


def _play_here(name: str) -> Tally:
    return play(name, _OWN)


@contextmanager
def _nurseries(sabotage: str) -> Iterator[list[Nursery]]:
    pair = [Nursery(sabotage), Nursery(sabotage)]
    try:
        yield pair
    finally:
        for one in pair:
            one.close()


def table(tally: Tally) -> str:
    """What was seen, as text."""
    wrong = Counter(one.kind for one in tally.wrong)
    parts: list[tuple[str, Counter[str]]] = [
        ("killed", tally.kills),
        ("commands, killed or not", tally.runs),
        ("requests, and what happened to them", tally.mishaps),
        ("rows at the end", tally.verdicts),
        ("WRONG", Counter({kind: wrong[kind] for kind in KINDS})),
    ]
    lines = []
    for title, counts in parts:
        lines.append(f"{counts.total():6} {title}")
        lines += [f"       {count:6} {name}" for name, count in sorted(counts.items())]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000, help="at least how many")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--workers", type=int, default=2, help="how many scenes at once")
    parser.add_argument("--sabotage", choices=SABOTAGE, default="none", help="check the check")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    began, shown = time.monotonic(), 0

    def tell(tally: Tally) -> None:
        nonlocal shown
        for one in tally.wrong[shown:]:
            print(f"WRONG {one.kind}: {one.text}", flush=True)
        shown = len(tally.wrong)

    plan = Plan(asked.kills, asked.seed, asked.workers, asked.sabotage)
    tally = campaign(plan, tell)
    print(table(tally))
    kills, wrong = tally.kills.total(), len(tally.wrong)
    print(f"{kills} kills, {wrong} wrong verdicts, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
