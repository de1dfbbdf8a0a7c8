"""Approvals as a document of their own, for who approves on another machine."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.action import Network
from coldlever.shared.action.market import parse_network
from coldlever.shared.reading import JsonValue, Where, as_choice, as_integer, as_object
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.statement.approval import Approval, approval_wire, parse_approvals

KIND = "coldlever/approvals"
VERSION = 1
SUBJECT_BYTES = 32


@dataclass(frozen=True, slots=True)
class ApprovalsFile:
    """What people have said about one case.

    Args:
        network: which the case is for.
        subject: 32 bytes that name the case; see `coldlever.shared.statement.case.Case.subject`.
        approvals: at least one.
    """

    network: Network
    subject: bytes
    approvals: tuple[Approval, ...]

    def to_wire(self) -> dict[str, object]:
        """The ``coldlever/approvals`` document."""
        return {
            "kind": KIND,
            "version": VERSION,
            "network": self.network.value,
            "subject": to_0x(self.subject),
            "approvals": [approval_wire(one) for one in self.approvals],
        }


def parse_approvals_file(value: JsonValue, where: Where) -> ApprovalsFile:
    """Read a ``coldlever/approvals`` document.

    Raises:
        InputRefused: malformed.
    """
    fields = as_object(value, where, ("kind", "version", "network", "subject", "approvals"))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    approvals = parse_approvals(fields["approvals"], where.key("approvals"))
    if not approvals:
        raise where.key("approvals").refusal("wrong-length", "none", "at least one approval")
    return ApprovalsFile(
        parse_network(fields["network"], where.key("network")),
        as_bytes(fields["subject"], where.key("subject"), SUBJECT_BYTES),
        approvals,
    )
