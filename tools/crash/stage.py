"""The stage: a rehearsal exchange where things go wrong, with one door a host.

What is said here is never a lie that the exchange could not tell: an answer may be lost, late, mangled or
unknown, a refusal may come before or after the nonce is taken, somebody else may take it first.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

from coldlever.broadcaster.rehearsal import Outcome, RehearsalExchange
from coldlever.broadcaster.rehearsal.act import Answer, Entry, answers, engine, rules
from coldlever.broadcaster.rehearsal.state import Refused, sentences
from coldlever.shared.action import Address

# The moments at which a child may be killed.
STALLS, ARRIVES, EXECUTED = "stalls", "arrives", "executed"
_BEFORE = (
    f"Must deposit before performing actions. User: 0x{'11' * 20}",
    f"Vault not registered: 0x{'22' * 20}",
    sentences.too_many_requests(10_001, 10_000),
    sentences.MULTI_SIG_REQUIRED,
    "Rehearsal: words before the nonce is taken that nobody knows.",
)
_AFTER = (
    sentences.BAD_LEVERAGE,
    sentences.NO_SWITCH,
    sentences.CROSS_SHORT_OF_MARGIN,
    "Rehearsal: words after the nonce is taken that nobody knows.",
)
_FLOOR_AHEAD_MS = 10_000_000
_FLOOR = 100

Body = dict[str, Any]


class Stage(RehearsalExchange):
    """An exchange with mishaps.

    Args:
        luck: draws them.
        trouble: how often one happens to a request, from 0 to 1.
        accounts: funded users.

    Attributes:
        trouble: may be changed.
        sent: per host, the entries that came through its door.
        mishaps: what has gone wrong, counted.
        rivals: bodies of somebody else with the same signer and nonce, by nonce.
        signers: who signs, by nonce.
        on_moment: called at each moment.
    """

    def __init__(self, luck: random.Random, trouble: float, accounts: list[Address]) -> None:
        super().__init__(accounts=accounts)
        self.trouble = trouble
        self.sent: dict[str, list[Entry]] = {}
        self.mishaps: Counter[str] = Counter()
        self.rivals: dict[int, bytes] = {}
        self.signers: dict[int, Address] = {}
        self.on_moment: Callable[[str], None] = lambda _moment: None
        self._luck = luck
        self._waiting = 0
        self._count = threading.Condition()
        self._shifted = 0

    def door(self, host: str) -> Door:
        """The exchange as one host reaches it."""
        self.sent.setdefault(host, [])
        return Door(self, host)

    def shift(self, ms: int) -> None:
        """Let the exchange's clock go ``ms`` ahead of where it is; it never goes back."""
        with self._lock:
            self._shifted += ms
            self.shift_clock(self._shifted)

    def nap(self, seconds: float) -> None:
        """A late request or answer."""
        with self._count:
            self._waiting += 1
        self.on_moment(STALLS)
        time.sleep(seconds)
        with self._count:
            self._waiting -= 1
            self._count.notify_all()

    def settle_down(self) -> None:
        """Wait until nothing is on its way any more."""
        with self._count:
            self._count.wait_for(lambda: self._waiting == 0)
        # What has slept still has to be carried out; nothing but locks and arithmetic.
        time.sleep(0.02)

    def come_in(self, host: str, body: bytes, fault: str | None) -> Answer:
        """Deal with what comes through a host's door, perhaps after or with a mishap."""
        self.on_moment(ARRIVES)
        with self._lock:
            mishap = self._draw()
            self.mishaps[mishap.__name__.strip("_") if mishap else "none"] += 1
            answer = self._play(mishap, body, fault)
            self.sent[host].append(self.journal.entries()[-1])
        self.on_moment(EXECUTED)
        return answer

    def _draw(self) -> Callable[[Body], Any] | None:
        if self._luck.random() >= self.trouble:
            return None
        return self._luck.choice(
            (self._refused_before, self._refused_before, self._refused_after, self._refused_after,
             self._unknown_words, self._rival_first, self._rival_first, self._expires, self._floor)
        )  # fmt: skip

    def _play(self, mishap: Callable[[Body], Any] | None, body: bytes, fault: str | None) -> Answer:
        changed = None if mishap is None else mishap(json.loads(body))
        if changed is None:
            return self.act(body, fault=fault)
        if isinstance(changed, Answer):
            self.act(body, fault=fault)
            return changed
        with changed:
            return self.act(body, fault=fault)

    def _refused_before(self, _body: Body) -> Any:
        refusal = mock.Mock(side_effect=Refused(self._luck.choice(_BEFORE)))
        return mock.patch.object(engine, "acted_for", refusal)

    def _refused_after(self, _body: Body) -> Any:
        refusal = mock.Mock(side_effect=Refused(self._luck.choice(_AFTER)))
        return mock.patch.object(rules, "apply", refusal)

    def _unknown_words(self, _body: Body) -> Answer:
        # Carried out, or refused, and answered in words that nobody knows.
        return answers.of_json({"status": "err", "response": "Rehearsal: words nobody knows."})

    def _rival_first(self, body: Body) -> None:
        self.act(self.rivals[body["nonce"]])

    def _expires(self, body: Body) -> None:
        expires_after = body["expiresAfter"]
        if expires_after is not None:
            self.shift(max(0, expires_after + 1 - self.now()))

    def _floor(self, body: Body) -> None:
        nonces = self._venue.nonces(self.signers[body["nonce"]])
        first = body["nonce"] + self._luck.randrange(_FLOOR_AHEAD_MS) + 1_000
        for nonce in range(first, first + _FLOOR):
            try:
                nonces.claim(nonce, self.now())
            except Refused:
                return


class Door:
    """One host's way to a stage: what comes in is known to be the host's."""

    def __init__(self, stage: Stage, host: str) -> None:
        self._stage = stage
        self._host = host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)

    def act(self, body: bytes, *, fault: str | None = None) -> Answer:
        return self._stage.come_in(self._host, body, fault)


def accepted(entries: list[Entry]) -> list[Entry]:
    """Those that took effect."""
    return [one for one in entries if one.outcome is Outcome.ACCEPTED]
