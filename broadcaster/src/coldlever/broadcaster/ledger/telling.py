"""What a change of the ledger is called in the audit chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from coldlever.broadcaster.fate import Event as Learnt
from coldlever.broadcaster.ledger.row import Row
from coldlever.shared.action import Address, Network, Signable
from coldlever.shared.action.hashing import agent_digest
from coldlever.shared.action.what import What
from coldlever.shared.audit import Event, Kind
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.errors import ColdleverError
from coldlever.shared.printable import printable
from coldlever.shared.statement.policy_ref import PolicyRef
from coldlever.shared.statement.text import describe_action

_NETWORKS = {network.value: network for network in Network}


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes to a ledger, and so to its audit chain.

    Args:
        host: this machine's name, or None.
        policy: what it posts by, or None.
    """

    host: str | None = None
    policy: PolicyRef | None = None

    def nonce_given(
        self, venue: str, signer: Address, nonce: int, at: int, signable: Signable | None
    ) -> Event:
        """A draft has its nonce.

        Args:
            venue: `coldlever.broadcaster.venue.client.Venue.key`.
            signer: who is to sign.
            nonce: which.
            at: ms since the epoch.
            signable: what is drafted with it, or None.
        """
        known = _network(venue)
        if signable is None:
            says = f"a draft{_where(venue)}"
            return self._event(Kind.DRAFTED, says, at, network=known, signer=signer, nonce=nonce)
        event = self.drafted(signable, signer, at)
        return replace(event, says=f"{event.says}{_where(venue)}")

    def drafted(self, signable: Signable, signer: Address | None, at: int) -> Event:
        """A request was made, for somebody else to sign.

        Args:
            signable: what it asks for.
            signer: who is to sign.
            at: ms since the epoch.
        """
        is_noop = signable.what is What.REVOCATION
        says = "a revocation" if is_noop else describe_action(signable.change)
        return self._of_signable(Kind.DRAFTED, says, at, signable, signer)

    def proposed(self, signable: Signable, signer: Address | None, person: str, at: int) -> Event:
        """A drafter has signed a draft.

        Args:
            signable: what it asks for.
            signer: who is to sign.
            person: who proposes, with the fingerprint of the key.
            at: ms since the epoch.
        """
        event = self._of_signable(Kind.PROPOSED, f"proposed by {person}", at, signable, signer)
        return replace(event, who=person)

    def refused(
        self, signable: Signable, signer: Address | None, error: ColdleverError, at: int
    ) -> Event:
        """A check or a rule said no, and nothing was sent.

        Args:
            signable: of the payload.
            signer: recovered, or None where it could not be.
            error: the refusal.
            at: ms since the epoch.
        """
        event = self._of_signable(Kind.REFUSED, f"not sent: {error.message}", at, signable, signer)
        return replace(event, code=error.code)

    def revoked(self, row: Row) -> Event:
        """A revocation is on the record: what it kills is not sent any more."""
        return self._of_row(Kind.REVOKED, row, "its payload is not sent from here any more")

    def sent(self, row: Row) -> Event:
        """An attempt begins."""
        return self._of_row(Kind.SENT, row, f"attempt {row.attempts}: sending begins")

    def answered(self, row: Row, learnt: Learnt, answer: bytes | None) -> Event:
        """An attempt has ended.

        Args:
            row: as it is then, with the answer's code and sentence.
            learnt: what the answer told.
            answer: its bytes, or None without one.
        """
        # First what binds the raw answer: a long sentence is cut at its end.
        bound = "" if answer is None else f", answer sha256:{sha256(answer).hexdigest()}"
        says = f"attempt {row.attempts}: {learnt.value}{bound}: {row.sentence or ''}"
        return self._of_row(Kind.ANSWERED, row, says, code=row.code)

    def judged(self, seen: Row, then: Row) -> tuple[Event, ...]:
        """The verdict, where what it follows from has changed."""
        if (seen.verdict, seen.state, seen.reading) == (then.verdict, then.state, then.reading):
            return ()
        says = f"{then.verdict.value}: nonce {then.state.value}, account {then.reading.value}"
        return (self._of_row(Kind.JUDGED, then, says, code=then.verdict.value),)

    def adopted(self, count: int, heads: Sequence[ChainHead], at: int) -> tuple[Event, ...]:
        """An exported ledger was taken over, and with it the chains that it knew.

        Args:
            count: how many payloads were new.
            heads: of the other ledger's chain and those that it had taken over.
            at: ms since the epoch.
        """
        says = f"imported {count} payloads of an exported ledger"
        named = tuple(f"{says}, whose audit {one.words}" for one in heads)
        return tuple(self._event(Kind.ADOPTED, one, at) for one in named or (says,))

    def lost(self, count: int, heads: Sequence[ChainHead], at: int) -> tuple[Event, ...]:
        """The ledger has gone back, and a person goes on with it.

        Args:
            count: how many attempts it does not know.
            heads: of audit chains that this host has seen and it does not know.
            at: ms since the epoch.
        """
        says = f"went on without {count} attempts that this host had recorded"
        named = tuple(f"{says}, and without the audit {one.words}" for one in heads)
        return tuple(self._event(Kind.ADOPTED, one, at) for one in named or (says,))

    def _of_signable(
        self, kind: Kind, says: str, at: int, signable: Signable, signer: Address | None
    ) -> Event:
        return self._event(
            kind,
            says,
            at,
            network=signable.network,
            signer=signer,
            nonce=signable.nonce,
            digest=signable.digest(),
        )

    def _of_row(self, kind: Kind, row: Row, says: str, code: str | None = None) -> Event:
        key, network = row.key, _network(row.key.venue)
        about = key.what.value if key.what is What.REVOCATION else printable(row.coin, limit=40)
        return self._event(
            kind,
            f"{about}{_where(key.venue)}: {says}",
            row.changed_at,
            network=network,
            signer=key.signer,
            nonce=key.nonce,
            digest=None if network is None else agent_digest(network, row.action_hash),
            code=code,
        )

    def _event(
        self,
        kind: Kind,
        says: str,
        at: int,
        *,
        network: Network | None = None,
        signer: Address | None = None,
        nonce: int | None = None,
        digest: bytes | None = None,
        code: str | None = None,
    ) -> Event:
        return Event(kind, says, at, network, signer, nonce, digest, self.host, self.policy, code)


def _network(venue: str) -> Network | None:
    """Of a venue's key: the network by itself, or before the place of a rehearsal."""
    return _NETWORKS.get(venue.partition("@")[0])


def _where(venue: str) -> str:
    """What a rehearsal's events are told apart by."""
    _, at, url = venue.partition("@")
    return f" (rehearsal at {printable(url, limit=60)})" if at else ""
