"""V3 keystores: a private key behind a passphrase, in the file format Ethereum wallets share.

eth-account makes and opens them. What it leaves open is checked here: the shape and the cost before
anything is computed, and after opening that the key belongs to the address the file names.

Source: the Web3 Secret Storage definition, version 3. Unlike our own documents, these files come
from other programs, so keys that we do not know are passed over.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address, parse_address
from coldlever.shared.action.market import describe_kind
from coldlever.shared.action.signature import SECRET_BYTES
from coldlever.shared.errors import EnvironmentFault, InputRefused, RuleRefused
from coldlever.shared.files import read_bounded, write_exclusive
from coldlever.shared.printable import printable
from coldlever.shared.reading import (
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_string,
    describe,
    loads,
)
from coldlever.signer.key.kdf import DEFAULT_SCRYPT_N, Kdf, parse_kdf
from coldlever.signer.key.passphrase import normalise, spellings
from coldlever.signer.key.sealed import MEMBER, SealedPolicy, parse_sealed
from coldlever.signer.key.signing_key import SigningKey
from coldlever.signer.key.v3_fields import hex_bytes, hex_digits, lower_keys

# A sealed policy lies inside, of 32 KiB at most, whose letters take up to six bytes in JSON.
MAX_BYTES = 256 << 10
_VERSION = 3
_CIPHER = "aes-128-ctr"
_IV_BYTES = 16
_MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keystore:
    """One keystore file, read and checked, but still closed.

    Args:
        address: whose key it says it holds; None when the file does not say.
        kdf: how the passphrase becomes a key.
        iv: start value of the cipher's counter.
        ciphertext: the encrypted private key, 1 to 32 bytes.
        mac: 32 bytes that tell a right passphrase from a wrong one.
        source: the file's name, for error messages.
        sealed: the policy that it is sealed to, or None.
    """

    address: Address | None
    kdf: Kdf
    iv: int
    ciphertext: bytes
    mac: bytes
    source: str
    sealed: SealedPolicy | None = None

    def open(self, passphrase: str) -> SigningKey:
        """Decrypt the key; takes a second and, for new keystores, 256 MiB.

        Args:
            passphrase: as typed; tried in Unicode form C first, then as it is.

        Raises:
            RuleRefused: ``wrong-passphrase`` or ``keystore-address-mismatch``.
            InputRefused: ``bad-private-key`` when what comes out is no key.
            EnvironmentFault: ``out-of-memory``.
        """
        return SigningKey(self.reveal(passphrase))

    def reveal(self, passphrase: str) -> bytes:
        """The secret itself, 32 bytes, to lock it anew; otherwise as `open`."""
        sealed = self.sealed
        tried = spellings(passphrase) if sealed is None else (sealed.passphrase(passphrase),)
        for spelling in tried:
            secret = _decrypt(self, spelling)
            if secret is not None:
                return self._own_secret(secret)
        altered = "" if sealed is None else ", or the policy sealed in it was altered"
        raise RuleRefused(
            "wrong-passphrase",
            f"{printable(self.source)}: the passphrase does not open this keystore{altered}",
            "check the keyboard layout and Caps Lock; if it is certainly right, the file is "
            "damaged: take a backup",
        )

    def _own_secret(self, found: bytes) -> bytes:
        # Some old wallets dropped the leading zero bytes of a key.
        secret = found.rjust(SECRET_BYTES, b"\0")
        key = SigningKey(secret)
        if self.address is not None and key.address != self.address:
            raise RuleRefused(
                "keystore-address-mismatch",
                f"{printable(self.source)}: the file says it holds the key of {self.address}, but "
                f"the key inside belongs to {key.address}",
                "do not use this file: it was damaged or tampered with",
            )
        return secret

    def _to_wire(self) -> dict[str, object]:
        return {
            "version": _VERSION,
            "crypto": {
                "cipher": _CIPHER,
                "cipherparams": {"iv": self.iv.to_bytes(_IV_BYTES, "big").hex()},
                "ciphertext": self.ciphertext.hex(),
                "kdf": self.kdf.name,
                "kdfparams": self.kdf.to_wire(),
                "mac": self.mac.hex(),
            },
        }


def _decrypt(keystore: Keystore, passphrase: str) -> bytes | None:
    """The secret, or None when the passphrase is not the one."""
    from eth_account import Account  # noqa: PLC0415 - costs 0.4 s, paid where a key is opened

    try:
        return bytes(Account.decrypt(keystore._to_wire(), passphrase))  # noqa: SLF001 - same module
    except ValueError as error:
        if str(error) == "MAC mismatch":
            return None
        # The shape was checked, so what is left is scrypt failing to get its memory.
        raise _no_memory(keystore.kdf) from None
    except MemoryError:
        raise _no_memory(keystore.kdf) from None


def _no_memory(kdf: Kdf) -> EnvironmentFault:
    return EnvironmentFault(
        "out-of-memory",
        f"this machine has too little free memory for the keystore ({kdf})",
        "close other programs and try again",
    )


def load_keystore(path: Path) -> Keystore:
    """Read a keystore file.

    Raises:
        InputRefused: unreadable, or no V3 keystore.
        RuleRefused: ``kdf-too-weak`` or ``kdf-too-costly``.
    """
    return parse_keystore(read_bounded(path, MAX_BYTES), str(path))


def parse_keystore(data: bytes, source: str) -> Keystore:
    """As `load_keystore`, from the file's bytes."""
    where = Where(source)
    value = loads(data, source)
    if not isinstance(value, dict):
        raise _no_keystore(where, describe(value))
    fields = lower_keys(value, where)
    if "crypto" not in fields or "version" not in fields:
        raise _no_keystore(where, describe_kind(value))
    as_integer(fields["version"], where.key("version"), _VERSION, _VERSION)
    place = where.key("crypto")
    crypto = lower_keys(fields["crypto"], place)
    as_choice(crypto.get("cipher"), place.key("cipher"), (_CIPHER,))
    cipher_parameters = lower_keys(crypto.get("cipherparams"), place.key("cipherparams"))
    kdf_parameters = lower_keys(crypto.get("kdfparams"), place.key("kdfparams"))
    # Some writers drop leading zeros of the start value, even half a byte.
    iv = hex_digits(
        cipher_parameters.get("iv"), place.key("cipherparams").key("iv"), 1, 2 * _IV_BYTES
    )
    return Keystore(
        _parse_owner(fields.get("address"), where.key("address")),
        parse_kdf(crypto.get("kdf"), kdf_parameters, place),
        int(iv, 16),
        hex_bytes(crypto.get("ciphertext"), place.key("ciphertext"), 1, SECRET_BYTES),
        hex_bytes(crypto.get("mac"), place.key("mac"), _MAC_BYTES, _MAC_BYTES),
        source,
        parse_sealed(fields.get(MEMBER), where.key(MEMBER)),
    )


def seal(
    secret: bytes,
    passphrase: str,
    work_factor: int = DEFAULT_SCRYPT_N,
    policy: SealedPolicy | None = None,
) -> bytes:
    """Make the bytes of a new keystore file.

    Args:
        secret: 32 bytes.
        passphrase: as typed; whether it is strong enough is for
            `coldlever.signer.key.passphrase.require_strong` to say.
        work_factor: scrypt's N; the command line always takes the default.
        policy: what the file is sealed to, or None.
    """
    from eth_account import Account  # noqa: PLC0415 - costs 0.4 s, paid where a key is sealed

    try:
        locked = normalise(passphrase) if policy is None else policy.passphrase(passphrase)
        document = Account.encrypt(secret, locked, "scrypt", work_factor)
    except (MemoryError, ValueError):
        # As in _decrypt: the arguments are ours and valid, the memory is not there.
        raise EnvironmentFault(
            "out-of-memory",
            "this machine has too little free memory to make a keystore (256 MiB)",
            "close other programs and try again",
        ) from None
    # eth-keyfile drops leading zeros of the start value, and some readers balk at that.
    parameters = document["crypto"]["cipherparams"]
    parameters["iv"] = parameters["iv"].rjust(2 * _IV_BYTES, "0")
    if policy is not None:
        document[MEMBER] = policy.to_wire()
    return (json.dumps(document, indent=2) + "\n").encode("ascii")


def store(
    path: Path, secret: bytes, passphrase: str, work_factor: int = DEFAULT_SCRYPT_N
) -> Address:
    """Write a new keystore, then read and open it again before it counts.

    Args:
        path: a name that is not taken.
        secret: 32 bytes.
        passphrase: as typed.
        work_factor: scrypt's N.

    Returns:
        The key's address.

    Raises:
        InputRefused: ``bad-private-key``.
        UsageRefused: ``output-exists``.
        EnvironmentFault: ``write-failed``, or ``keystore-damaged`` when what was read back is not
            what was written; no file is left.
    """
    address = SigningKey(secret).address
    write_exclusive(path, seal(secret, passphrase, work_factor))
    verified = False
    try:
        with contextlib.suppress(InputRefused, RuleRefused):
            verified = load_keystore(path).open(passphrase).address == address
    finally:
        # Also when the person interrupts here: a keystore nobody was told of must not stay.
        if not verified:
            path.unlink(missing_ok=True)
    if not verified:
        raise EnvironmentFault(
            "keystore-damaged",
            f"{printable(str(path))}: what was read back is not what was written; it was removed",
            "check the disk or the memory card, and choose another",
        )
    return address


def _no_keystore(where: Where, found: str) -> InputRefused:
    return where.refusal(
        "not-a-keystore", found, "a V3 keystore", "name a keystore file with --keystore"
    )


def _parse_owner(value: JsonValue, where: Where) -> Address | None:
    if value is None or value == "":
        return None
    text = as_string(value, where, 42, "an address")
    try:
        return parse_address(text if text.startswith("0x") else "0x" + text)
    except InputRefused as error:
        raise error.at(where) from None
