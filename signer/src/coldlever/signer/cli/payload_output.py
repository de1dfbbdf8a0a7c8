"""The documents that `sign` makes: what they hold, how large they get, where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.cli.console import dump_document
from coldlever.shared.cli.delivery import Delivery, Outlet
from coldlever.shared.errors import InputRefused
from coldlever.shared.message import SignedFile, SignedPayload
from coldlever.shared.reading.strict_json import MAX_BYTES
from coldlever.signer.rules import Placed
from coldlever.signer.signing import unsigned_twin


@dataclass(frozen=True, slots=True)
class PayloadOutput:
    """Where the payloads of a `sign` run go, and in which form.

    Args:
        outlet: where to.
        payload_only: bare bodies, without network, signer and hash.
        is_batch: an array, even of one.
    """

    outlet: Outlet
    payload_only: bool
    is_batch: bool

    @property
    def out(self) -> str | None:
        """The document's file, ``-``, or None."""
        return self.outlet.out

    def prove(self, requests: Sequence[Placed]) -> Delivery:
        """Find everything that could keep the signed payloads from being delivered.

        Any address and any signature will do for that: all are of one length.

        Raises:
            InputRefused: ``batch-too-large``.
            UsageRefused, InputRefused, EnvironmentFault: see `Outlet.prove`.
        """
        nobody = Address(bytes(ADDRESS_BYTES))
        twins = tuple(unsigned_twin(placed, nobody) for placed in requests)
        document = self.document(twins)
        _require_size(len(document))
        return self.outlet.prove(SignedFile(twins, self.is_batch), document)

    def wire(self, payloads: Sequence[SignedPayload]) -> object:
        """The document as JSON values."""
        wires = [
            payload.body_wire() if self.payload_only else payload.to_wire() for payload in payloads
        ]
        return wires if self.is_batch else wires[0]

    def document(self, payloads: Sequence[SignedPayload]) -> bytes:
        """The document's bytes."""
        if self.payload_only and not self.is_batch:
            # The exact bytes that get posted, ready for curl.
            return payloads[0].body() + b"\n"
        return dump_document(self.wire(payloads))


def _require_size(size: int) -> None:
    """Refuse a batch whose signed file nobody could load again."""
    if size > MAX_BYTES:
        raise InputRefused(
            "batch-too-large",
            f"the signed batch would have {size} bytes, at most {MAX_BYTES} (1 MiB) can be read "
            "again",
            "split the batch into several files and sign each in a run of its own",
        )
