"""Multi-sig: who stands behind the wrapper that carries an action of a multi-sig account.

Source: the official SDK's signing code for the hashes; the sentences were recorded on testnet
(2026-10). The order of the checks is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coldlever.broadcaster.rehearsal.act.signers import funded_user, recover_signer
from coldlever.broadcaster.rehearsal.state import Account, MultiSig, Refused, Venue, sentences
from coldlever.broadcaster.rehearsal.wire import Action, MultiSigAction
from coldlever.shared.action import Address, Network, Signature
from coldlever.shared.action.hashing import agent_digest, hash_wire_action, keccak256

MAX_SIGNERS: Final = 10

_CHAINS: Final = {Network.MAINNET: b"Mainnet", Network.TESTNET: b"Testnet"}
_DOMAIN_TYPE: Final = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_SEND_TYPE: Final = keccak256(
    b"HyperliquidTransaction:SendMultiSig"
    b"(string hyperliquidChain,bytes32 multiSigActionHash,uint64 nonce)"
)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the inner signatures and the outer one bind alike.

    Args:
        nonce: ms since the epoch.
        vault: the vault or sub-account acted for, or None.
        expires_after: ms since the epoch, or None.
    """

    nonce: int
    vault: Address | None
    expires_after: int | None

    def hash(self, wire: object) -> bytes:
        """The action hash over ``wire``: a mapping, or the inner signers' array."""
        # msgpack takes an array as well as a mapping, and the inner payload is an array.
        return hash_wire_action(wire, self.nonce, self.vault, self.expires_after)  # type: ignore[arg-type]


def wrapper_hash(wrapper: MultiSigAction, action: Action, shared: Shared) -> bytes:
    """What the leader signs: the hash over the wrapper without its ``type``.

    Observed: the exchange serialises the inner signatures without leading zeros, whatever was
    posted.
    """
    return shared.hash(
        {
            "signatureChainId": wrapper.chain_id,
            "signatures": [
                {"r": hex(each.r), "s": hex(each.s), "v": each.v} for each in wrapper.signatures
            ],
            "payload": {
                "multiSigUser": wrapper.user.lower,
                "outerSigner": wrapper.leader.lower,
                "action": action.to_wire(),
            },
        }
    )


def leader_digest(network: Network, chain_id: str, action_hash: bytes, nonce: int) -> bytes:
    """The 32 bytes that the leader signs; ``chain_id`` as 0x and digits."""
    domain = keccak256(
        _DOMAIN_TYPE
        + keccak256(b"HyperliquidSignTransaction")
        + keccak256(b"1")
        + int(chain_id, 16).to_bytes(32, "big")
        + bytes(32)
    )
    struct = keccak256(
        _SEND_TYPE + keccak256(_CHAINS[network]) + action_hash + nonce.to_bytes(32, "big")
    )
    return keccak256(b"\x19\x01" + domain + struct)


def require_leader(
    venue: Venue, wrapper: MultiSigAction, digest: bytes, signature: Signature, now: int
) -> Address:
    """The leader's address, when the outer signature is its own and it may lead.

    Raises:
        Refused: in the exchange's words.
    """
    leader = recover_signer(digest, signature)
    if leader != wrapper.leader:
        raise Refused(sentences.BAD_LEADER)
    account = venue.book.find(leader)
    if account is None or not account.has_deposited:
        # Observed: even an API wallet of an authorised user needs a deposit of its own to lead.
        raise Refused(sentences.LEADER_WITHOUT_DEPOSIT)
    multi_sig = _multi_sig_of(venue, wrapper)
    agent = venue.book.agent(leader, now)
    stands_for = leader if agent is None else agent.master
    if leader not in multi_sig.authorized and stands_for not in multi_sig.authorized:
        raise Refused(sentences.BAD_LEADER)
    return leader


def require_threshold(
    venue: Venue, wrapper: MultiSigAction, action: Action, shared: Shared
) -> Account:
    """The multi-sig account, when enough of its users signed.

    Raises:
        Refused: in the exchange's words.
    """
    multi_sig = _multi_sig_of(venue, wrapper)
    if len(wrapper.signatures) > MAX_SIGNERS:
        raise Refused(sentences.TOO_MANY_SIGNERS)
    inner = [wrapper.user.lower, wrapper.leader.lower, action.to_wire()]
    digest = agent_digest(venue.network, shared.hash(inner))
    signers = {recover_signer(digest, each) for each in wrapper.signatures}
    if not signers <= set(multi_sig.authorized):
        # Observed: agents of authorised users count as little as strangers.
        raise Refused(sentences.BAD_INNER_SIGNER)
    if len(signers) < multi_sig.threshold:
        raise Refused(sentences.THRESHOLD_NOT_MET)
    return funded_user(venue, wrapper.user, wrapper.user)


def _multi_sig_of(venue: Venue, wrapper: MultiSigAction) -> MultiSig:
    account = venue.book.find(wrapper.user)
    if account is None or account.multi_sig is None:
        raise Refused(sentences.NOT_MULTI_SIG)
    return account.multi_sig
