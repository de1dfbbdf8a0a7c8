"""One thing that happened, and its one spelling in bytes."""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass

from coldlever.shared.action.address import ADDRESS_BYTES, Address
from coldlever.shared.action.network import Network
from coldlever.shared.printable import printable
from coldlever.shared.reading.fields import (
    SAFE_INTEGER_MAX,
    Where,
    as_bytes,
    as_choice,
    as_integer,
    as_object,
    as_string,
    describe,
)
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.strict_json import JsonValue
from coldlever.shared.statement.policy_ref import PolicyRef, parse_policy_ref

DIGEST_BYTES = 32
WHO_MAX_LENGTH = 200
SAYS_MAX_LENGTH = 400
CODE_MAX_LENGTH = 60
KEYS = (
    "position", "at", "kind", "network", "signer", "nonce", "digest", "who", "policy", "code",
    "says",
)  # fmt: skip

# Made once: making it takes longer than one event.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_PRINTABLE = re.compile(r"[ -~]*")
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NETWORKS = {network.value: network for network in Network}


class Kind(enum.Enum):
    """What happened."""

    DRAFTED = "drafted"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SIGNED = "signed"
    REVOCATION_SIGNED = "revocation-signed"
    SENT = "sent"
    ANSWERED = "answered"
    JUDGED = "judged"
    REVOKED = "revoked"
    REFUSED = "refused"
    POLICY_APPROVED = "policy-approved"
    POLICY_SEALED = "policy-sealed"
    POLICY_UNSEALED = "policy-unsealed"
    ATTESTED = "attested"
    ADOPTED = "adopted"


_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; its position is that of the chain's row which tells of it.

    Whatever text it is given becomes printable ASCII on one line, cut to what an event holds.

    Args:
        kind: what it was.
        says: the same in words.
        at: ms since the epoch, None on a machine without a clock.
        network: which it is about.
        signer: whose payload.
        nonce: of the payload, ms since the epoch.
        digest: 32 bytes: the EIP-712 digest of what it is about; of a market table its root.
        who: a person with the fingerprint of a key, a fingerprint, a host or an address.
        policy: the one in force.
        code: of the refusal.
    """

    kind: Kind
    says: str
    at: int | None = None
    network: Network | None = None
    signer: Address | None = None
    nonce: int | None = None
    digest: bytes | None = None
    who: str | None = None
    policy: PolicyRef | None = None
    code: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "says", _line(self.says, SAYS_MAX_LENGTH))
        if self.who is not None:
            object.__setattr__(self, "who", _line(self.who, WHO_MAX_LENGTH))

    def to_wire(self, position: int) -> dict[str, object]:
        """The event as JSON, its members in the order of its bytes."""
        return {
            "position": position,
            "at": self.at,
            "kind": self.kind.value,
            "network": None if self.network is None else self.network.value,
            "signer": None if self.signer is None else self.signer.lower,
            "nonce": self.nonce,
            "digest": None if self.digest is None else to_0x(self.digest),
            "who": self.who,
            "policy": None if self.policy is None else self.policy.to_wire(),
            "code": self.code,
            "says": self.says,
        }


def event_bytes(position: int, event: Event) -> bytes:
    """The canonical bytes: JSON without spaces, all members in one order, ASCII alone."""
    return _encode(event.to_wire(position)).encode("ascii")


def parse_event(fields: dict[str, JsonValue], where: Where) -> tuple[int, Event]:
    """An event and its position, of an object that has all `KEYS`.

    Raises:
        InputRefused: malformed, or text that an event cannot hold.
    """
    position = as_integer(fields["position"], where.key("position"), 1, SAFE_INTEGER_MAX)
    event = Event(
        kind=_KINDS[as_choice(fields["kind"], where.key("kind"), _KINDS)],
        says=_text(fields["says"], where.key("says"), SAYS_MAX_LENGTH),
        at=_count(fields["at"], where.key("at")),
        network=_network(fields["network"], where.key("network")),
        signer=_signer(fields["signer"], where.key("signer")),
        nonce=_count(fields["nonce"], where.key("nonce")),
        digest=_digest(fields["digest"], where.key("digest")),
        who=_optional_text(fields["who"], where.key("who")),
        policy=_policy(fields["policy"], where.key("policy")),
        code=_code(fields["code"], where.key("code")),
    )
    return position, event


def load_event(value: JsonValue, where: Where) -> tuple[int, Event]:
    """As `parse_event`, of any value.

    Raises:
        InputRefused: malformed.
    """
    return parse_event(as_object(value, where, KEYS), where)


def _line(text: str, limit: int) -> str:
    if len(text) <= limit and _PRINTABLE.fullmatch(text):
        return text
    # Text that is printable already keeps its backslashes; only what must be is escaped.
    shown = text[:limit] if _PRINTABLE.fullmatch(text) else printable(text, limit)
    return shown if len(shown) <= limit and len(text) <= limit else shown[: limit - 3] + "..."


def _count(value: JsonValue, where: Where) -> int | None:
    return None if value is None else as_integer(value, where, 0, SAFE_INTEGER_MAX)


def _network(value: JsonValue, where: Where) -> Network | None:
    return None if value is None else _NETWORKS[as_choice(value, where, _NETWORKS)]


def _signer(value: JsonValue, where: Where) -> Address | None:
    """In lower case alone: mixed case would be a second spelling."""
    return None if value is None else Address(as_bytes(value, where, ADDRESS_BYTES))


def _digest(value: JsonValue, where: Where) -> bytes | None:
    return None if value is None else as_bytes(value, where, DIGEST_BYTES)


def _policy(value: JsonValue, where: Where) -> PolicyRef | None:
    return None if value is None else parse_policy_ref(value, where)


def _text(value: JsonValue, where: Where, limit: int) -> str:
    text = as_string(value, where, limit)
    if _PRINTABLE.fullmatch(text) is None:
        raise where.refusal("unknown-value", describe(text), "printable ASCII")
    return text


def _optional_text(value: JsonValue, where: Where) -> str | None:
    return None if value is None else _text(value, where, WHO_MAX_LENGTH)


def _code(value: JsonValue, where: Where) -> str | None:
    if value is None:
        return None
    code = as_string(value, where, CODE_MAX_LENGTH)
    if _CODE.fullmatch(code) is None:
        raise where.refusal("unknown-value", describe(code), "a code in kebab case")
    return code
