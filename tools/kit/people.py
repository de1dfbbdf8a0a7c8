"""Who signs in the kit: two wallet keys, and approvers with keys of all three kinds. All are throw-away."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from coldlever.shared.action import Address, Network, Signable, UpdateLeverage
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.policy import Policy
from coldlever.shared.sshsig.public_key import KeyType, PublicKey
from coldlever.shared.sshsig.signature import RawSignature, signed_bytes
from coldlever.shared.statement import Approval, Case, Decision, namespace_of, statement_bytes
from coldlever.signer.key.signing_key import SigningKey

NONCE = 1_795_340_000_000
EXPIRY = NONCE + 3_600_000
NOW = NONCE + 100_000
WALLET, OTHER_WALLET = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
VAULT = Address(bytes(range(1, 21)))
ACCOUNT = Address(bytes(range(101, 121)))
TOUCHED, TOUCHED_WITH_PIN = 0x01, 0x05
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody with a key."""

    name: str
    kind: KeyType

    @property
    def _seed(self) -> bytes:
        return sha256(b"coldlever kit: " + self.name.encode()).digest()

    @property
    def key(self) -> PublicKey:
        """The public half."""
        return PublicKey(self.kind, self._point())

    def sign(self, namespace: str, message: bytes, flags: int = TOUCHED_WITH_PIN) -> RawSignature:
        """What the key makes of a message; a security key says those flags."""
        return self.sign_bytes(signed_bytes(namespace, message), flags)

    def sign_bytes(self, data: bytes, flags: int = TOUCHED_WITH_PIN) -> RawSignature:
        """The same over any bytes, with an application of one's choice inside them or not."""
        if not self.kind.is_security_key:
            return RawSignature(self.sign_raw(data))
        seen = struct.pack(">BI", flags, 5)
        numbers = self.sign_raw(sha256(b"ssh:").digest() + seen + sha256(data).digest())
        return RawSignature(numbers, flags, 5)

    def sign_raw(self, data: bytes) -> bytes:
        """64 bytes over these bytes and nothing else; the same at each run."""
        if self.kind is not KeyType.SK_P256:
            return ed25519.Ed25519PrivateKey.from_private_bytes(self._seed).sign(data)
        signature = self._p256().sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def scalar(self) -> int:
        """The secret number of an Ed25519 key, for signatures that no library would make."""
        from hashlib import sha512  # noqa: PLC0415 - beside its one use

        raw = bytearray(sha512(self._seed).digest()[:32])
        raw[0] &= 248
        raw[31] = raw[31] & 127 | 64
        return int.from_bytes(raw, "little")

    def _p256(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self._seed, "big") % P256_ORDER, ec.SECP256R1())

    def _point(self) -> bytes:
        if self.kind is not KeyType.SK_P256:
            secret = ed25519.Ed25519PrivateKey.from_private_bytes(self._seed)
            return secret.public_key().public_bytes_raw()
        numbers = self._p256().public_key().public_numbers()
        return b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


ALICE = Approver("alice", KeyType.ED25519)
BOB = Approver("bob", KeyType.SK_ED25519)
CAROL = Approver("carol", KeyType.SK_P256)
DAVE = Approver("dave", KeyType.ED25519)
ERIN = Approver("erin", KeyType.ED25519)
MALLORY = Approver("mallory", KeyType.ED25519)
GROUPS = {ALICE: "risk", BOB: "risk", CAROL: "ops", DAVE: "ops"}
LIMITS = 'ceiling = 50\nlongest-validity = "24h"\n'
RULES = """
[[rule]]
name = "lower or add"
directions = ["lower", "add"]
needs = "1 of 4"

[[rule]]
name = "all else"
needs = "risk: 1 of 2 and ops: 1 of 2"
"""


def person_text(name: str, group: str | None, *lines: str) -> str:
    """One person of a policy."""
    keys = ", ".join(f'"{line}"' for line in lines)
    groups = f'groups = ["{group}"]\n' if group else ""
    return f'[[person]]\nname = "{name}"\n{groups}keys = [{keys}]\n'


PEOPLE = "".join(person_text(one.name, group, one.key.line) for one, group in GROUPS.items())


def policy_text(
    *,
    version: str = "7",
    head: str = "",
    limits: str = LIMITS,
    people: str = PEOPLE,
    rules: str = RULES,
    change: str = '"2 of 4"',
) -> str:
    """The policy of the kit, or one that differs in a part."""
    start = f'policy = 1\nversion = {version}\nname = "treasury"\nchange = {change}\n{head}'
    return f"{start}\n[limits]\n{limits}\n{people}{rules}"


def policy_of(text: str) -> Policy:
    """The same, read."""
    return load_policy(text.encode("ascii"), "policy.toml")


POLICY = policy_of(policy_text())


def signable(**changes: object) -> Signable:
    """The leverage change of the page of formats, or one that differs."""
    known: dict[str, object] = {
        "network": Network.MAINNET,
        "action": UpdateLeverage(0, True, 10),
        "nonce": NONCE,
        "vault": None,
        "expires_after": EXPIRY,
    }
    return Signable(**{**known, **changes})  # type: ignore[arg-type]


def case_of(*signables: Signable, account: Address | None = None, is_batch: bool = False) -> Case:
    """What people are asked about."""
    return Case(WALLET.address, account, signables or (signable(),), is_batch)


def say(
    who: Approver,
    case: Case | None = None,
    decision: Decision = Decision.APPROVE,
    *,
    policy: Policy = POLICY,
    number: int = 1,
    not_after: int | None = None,
    flags: int = TOUCHED_WITH_PIN,
) -> Approval:
    """What a person says about a case, signed."""
    case = case_of() if case is None else case
    statement = statement_bytes(
        case, policy.ref, who.key, decision, number=number, not_after=not_after
    )
    raw = who.sign(namespace_of(decision), statement, flags)
    size = len(case.signables) if case.is_batch else None
    return Approval(decision, who.key.key_id, raw.pack(), number, not_after, None, size)
