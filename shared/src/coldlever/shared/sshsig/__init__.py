"""OpenSSH's keys and detached signatures (SSHSIG), read strictly; what is signed is text.

Source: OpenSSH's PROTOCOL.sshsig, PROTOCOL.u2f and PROTOCOL.key, and RFC 4251 for the fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.sshsig.armor import dearmor, enarmor
    from coldlever.shared.sshsig.private_key import ApproverKey, open_key, seal_key
    from coldlever.shared.sshsig.public_key import PublicKey, parse_public_key
    from coldlever.shared.sshsig.signature import RawSignature, SshSig, parse_sshsig
    from coldlever.shared.sshsig.verifying import verify_signature
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "dearmor": "armor",
            "enarmor": "armor",
            "ApproverKey": "private_key",
            "open_key": "private_key",
            "seal_key": "private_key",
            "PublicKey": "public_key",
            "parse_public_key": "public_key",
            "RawSignature": "signature",
            "SshSig": "signature",
            "parse_sshsig": "signature",
            "verify_signature": "verifying",
        },
    )

__all__ = [
    "ApproverKey",
    "PublicKey",
    "RawSignature",
    "SshSig",
    "dearmor",
    "enarmor",
    "open_key",
    "parse_public_key",
    "parse_sshsig",
    "seal_key",
    "verify_signature",
]
