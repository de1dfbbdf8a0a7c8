"""What an attestor signs for: a table under a policy, shown, signed, checked and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coldlever.shared.action import MarketTable
from coldlever.shared.action.attestation import Attestation, merge_attestations
from coldlever.shared.audit import Event
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.console import dump_document, emit_json, say
from coldlever.shared.cli.delivery import Delivery, Outlet
from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy import Policy
from coldlever.shared.policy.vouching import table_vouchers, verify_attestation
from coldlever.shared.sshsig import PublicKey, SshSig
from coldlever.shared.statement.market_list import MARKET_NAMESPACE, MarketList, lines_of
from coldlever.signer.events import attested_event


@dataclass(frozen=True, slots=True)
class Attesting:
    """What is attested.

    Args:
        policy: whose attestors.
        table: with what others have said already.
        listed: its lines, as they are signed for.
    """

    policy: Policy
    table: MarketTable
    listed: MarketList

    def taken(self, made: SshSig) -> Attestation:
        """A signature over it, checked.

        Raises:
            RuleRefused: ``not-an-attestor`` or ``attestation-invalid``.
        """
        if made.namespace != MARKET_NAMESPACE:
            raise RuleRefused(
                "attestation-invalid",
                f"the signature is for {made.namespace}, not for {MARKET_NAMESPACE}",
                f"sign the statement again: ssh-keygen -Y sign -n {MARKET_NAMESPACE}",
            )
        verify_attestation(self.policy, self.listed, made.key, made.raw)
        return Attestation(made.key.key_id, made.raw.pack())

    def show(self, key: PublicKey | None) -> None:
        """Every line, who has attested them already, and the statement."""
        say(f"{len(self.table.entries)} markets of {self.table.network.value}:", bold=True)
        for line in lines_of(self.table):
            say(f"  {line}")
        already = table_vouchers(self.policy, self.table)
        if already:
            say(f"Attested already by: {', '.join(already)}")
        if key is not None:
            say("What you sign, word by word:", bold=True)
            for line in self.listed.statement(key).decode("ascii").splitlines():
                say(f"  {line}")

    def signed(self, made: Sequence[Attestation]) -> MarketTable:
        """The table with what was attested, too."""
        together = merge_attestations(self.table.attestations, tuple(made))
        return replace(self.table, attestations=together)

    def prove(self, outlet: Outlet, made: Sequence[Attestation]) -> Delivery:
        """Find out whether the table can be delivered."""
        done = self.signed(made)
        return outlet.prove(done, dump_document(done.to_wire()))

    def events(self, made: Sequence[Attestation], now: int | None) -> tuple[Event, ...]:
        """What the audit chain says of it, one event for each attestor."""
        people = (self.policy.holders[one.key_id] for one in made)
        return tuple(
            attested_event(self.listed, f"{person.name} {key.fingerprint}", self.policy.ref, now)
            for person, key in people
        )

    def deliver(
        self,
        delivery: Delivery,
        made: Sequence[Attestation],
        out: str | None,
        audit: ChainHead,
        *,
        as_json: bool,
    ) -> None:
        """Write the table with what was attested, and say who has done so."""
        done = self.signed(made)
        delivery.deliver(done, dump_document(done.to_wire()))
        vouchers, needed = table_vouchers(self.policy, done), self.policy.markets.needed
        say(f"attested by {', '.join(vouchers)}: {len(vouchers)} of {needed} needed", fg="green")
        say_head(audit.head)
        if as_json:
            told = {"attestedBy": list(vouchers), "needed": needed, "out": out}
            told |= {"audit": audit.to_wire()}
            emit_json({"table": done.to_wire(), **told})
