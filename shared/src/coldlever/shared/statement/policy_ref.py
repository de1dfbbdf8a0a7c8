"""Which policy: its version and the digest of its file's bytes."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.reading import U32_MAX, JsonValue, Where, as_integer, as_object
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """One version of a policy.

    Args:
        version: counts up with each change, from 1.
        digest: SHA-256 of the file's bytes.
    """

    version: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.version} sha256:{self.digest.hex()}"

    def to_wire(self) -> dict[str, object]:
        """``{"version", "digest"}``."""
        return {"version": self.version, "digest": to_0x(self.digest)}


def parse_policy_ref(value: JsonValue, where: Where) -> PolicyRef:
    """What `PolicyRef.to_wire` has made."""
    fields = as_object(value, where, ("version", "digest"))
    return PolicyRef(
        as_integer(fields["version"], where.key("version"), 1, U32_MAX),
        as_bytes(fields["digest"], where.key("digest"), DIGEST_BYTES),
    )
