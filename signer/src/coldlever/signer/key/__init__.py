"""Keys from birth to use: drawing, sealing, opening, signing; nothing about what is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.signer.key.keyring import KeyFile, Keyring
    from coldlever.signer.key.keystore import Keystore, load_keystore, store
    from coldlever.signer.key.passphrase import require_strong
    from coldlever.signer.key.secret import (
        DEFAULT_PATH,
        derive_secret,
        draw_secret,
        parse_path,
        parse_private_key,
    )
    from coldlever.signer.key.signing_key import SigningKey
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "KeyFile": "keyring",
            "Keyring": "keyring",
            "Keystore": "keystore",
            "load_keystore": "keystore",
            "store": "keystore",
            "require_strong": "passphrase",
            "DEFAULT_PATH": "secret",
            "derive_secret": "secret",
            "draw_secret": "secret",
            "parse_path": "secret",
            "parse_private_key": "secret",
            "SigningKey": "signing_key",
        },
    )

__all__ = [
    "DEFAULT_PATH",
    "KeyFile",
    "Keyring",
    "Keystore",
    "SigningKey",
    "derive_secret",
    "draw_secret",
    "load_keystore",
    "parse_path",
    "parse_private_key",
    "require_strong",
    "store",
]
