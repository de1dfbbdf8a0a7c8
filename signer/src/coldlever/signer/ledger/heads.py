"""The ledger's head, kept apart from the ledger: how far it reached when a key last signed.

A ledger that was put back to an earlier state looks sound. It does not contain the head that lies
beside the keystore, though. The head bears a MAC under a key that comes from the signing key, so
that nobody makes one up without it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import json
import os
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.action.address import as_address
from coldlever.shared.audit.chain_head import ChainHead, parse_chain_head
from coldlever.shared.errors import ColdleverError, EnvironmentFault, InputRefused, RuleRefused
from coldlever.shared.files import Reserved, read_bounded
from coldlever.shared.printable import printable
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    Where,
    as_choice,
    as_integer,
    as_object,
    loads,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.signer.ledger.chain import LINK_BYTES, Head, pack_heads

KIND = "coldlever/ledger-head"
VERSION = 1
SUFFIX = ".ledger-head"
KEY_TAG = b"coldlever/ledger-head/1"
LOCK_WAIT_S = 10.0

_MAX_BYTES = 2048
_MAC_BYTES = 32
_KEYS = ("kind", "version", "signer", "count", "link", "audit", "mac")
_RETRY_S = 0.02


@dataclass(frozen=True, slots=True)
class Reached:
    """How far both chains of a ledger reached.

    Args:
        head: of its rows.
        audit: of its events.
    """

    head: Head
    audit: ChainHead

    @property
    def data(self) -> bytes:
        """What the MAC is over."""
        audit = self.audit
        position = audit.head.position.to_bytes(8, "big")
        return pack_heads((self.head,)) + audit.chain + position + audit.head.link


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of one signer.

    Args:
        signer: whose they are.
        folders: where one may lie: beside the keystore, and the state folder for keystores in a
            folder that cannot be written. The first that can be written gets the next one.
        say: tells a person a sentence.
    """

    signer: Address
    folders: tuple[Path, ...]
    say: Callable[[str], None]

    def read(self, mac_key: bytes | None) -> tuple[Reached, ...]:
        """All heads there are.

        Args:
            mac_key: of the opened key; None where it is still closed, and nothing can be proven.

        Raises:
            RuleRefused: ``head-damaged``.
        """
        places = (folder / self._name for folder in self.folders)
        return tuple(self._read(place, mac_key) for place in places if os.path.lexists(place))

    @contextlib.contextmanager
    def locked(self, wait: float = LOCK_WAIT_S) -> Iterator[None]:
        """Keep others out who sign with this key, from the look at the head to the next head.

        Raises:
            EnvironmentFault: ``ledger-locked`` or ``head-unwritable``.
        """
        descriptor = self._open_folder()
        try:
            self._take_lock(descriptor, wait)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def reserved(self) -> Iterator[Reserved]:
        """The place of the next head, made before anything is recorded.

        Raises:
            EnvironmentFault: ``head-unwritable``.
        """
        with contextlib.ExitStack() as stack:
            yield self._reserve(stack)

    def dump(self, reached: Reached, mac_key: bytes) -> bytes:
        """The bytes of a head's file."""
        wire = {
            "kind": KIND,
            "version": VERSION,
            "signer": self.signer.checksummed,
            "count": reached.head.count,
            "link": "0x" + reached.head.link.hex(),
            "audit": reached.audit.to_wire(),
            "mac": "0x" + self._mac(reached, mac_key).hex(),
        }
        return json.dumps(wire, indent=2).encode("ascii") + b"\n"

    @property
    def _name(self) -> str:
        return self.signer.lower + SUFFIX

    def _mac(self, reached: Reached, mac_key: bytes) -> bytes:
        message = KEY_TAG + b"\0" + self.signer.raw + reached.data
        return hmac.digest(mac_key, message, "sha256")

    def _read(self, place: Path, mac_key: bytes | None) -> Reached:
        name = printable(str(place))
        try:
            reached, signer, mac = _parse(read_bounded(place, _MAX_BYTES), name)
        except InputRefused as error:
            raise _damaged(name, error.message) from None
        if signer != self.signer:
            raise _damaged(name, f"it is the head of {signer}")
        if mac_key is not None and not hmac.compare_digest(mac, self._mac(reached, mac_key)):
            raise _damaged(name, "it was not written with this key")
        return reached

    def _reserve(self, stack: contextlib.ExitStack) -> Reserved:
        problem: ColdleverError | None = None
        for folder in self.folders:
            try:
                reserved = stack.enter_context(Reserved.of(folder / self._name))
            except EnvironmentFault as error:
                problem = problem or error
                continue
            if problem is not None:
                self.say(
                    f"The ledger's head cannot lie beside the keystore ({problem.message}); it "
                    f"lies in {printable(str(folder))}."
                )
            return reserved
        raise _unwritable("" if problem is None else problem.message)

    def _open_folder(self) -> int:
        problem = ""
        for folder in self.folders:
            try:
                return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError as error:
                problem = problem or f"{folder}: {error.strerror}"
        raise _unwritable(problem)

    @staticmethod
    def _take_lock(descriptor: int, wait: float) -> None:
        # Counted in attempts: what the clock says is nobody's business here.
        for left in range(int(wait / _RETRY_S), -1, -1):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if left:
                    select.select((), (), (), _RETRY_S)
                    continue
                raise EnvironmentFault(
                    "ledger-locked",
                    "another process is signing with this key",
                    "wait until the other signing is done, and try again",
                ) from None
            except OSError as error:
                raise _unwritable(f"no lock: {error.strerror}") from None
            return


def _parse(data: bytes, name: str) -> tuple[Reached, Address, bytes]:
    where = Where(name)
    fields = as_object(loads(data, name), where, _KEYS)
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    head = Head(
        as_integer(fields["count"], where.key("count"), 0, SAFE_INTEGER_MAX),
        as_bytes(fields["link"], where.key("link"), LINK_BYTES),
    )
    audit = parse_chain_head(fields["audit"], where.key("audit"))
    mac = as_bytes(fields["mac"], where.key("mac"), _MAC_BYTES)
    return Reached(head, audit), as_address(fields["signer"], where.key("signer")), mac


def _damaged(name: str, reason: str) -> RuleRefused:
    return RuleRefused(
        "head-damaged",
        f"{name}, the head of the ledger, cannot be believed: {reason}",
        "put its backup back; if there is none, make sure that `ledger show` ends with what this "
        "key signed last, and move the file away",
    )


def _unwritable(reason: str) -> EnvironmentFault:
    return EnvironmentFault(
        "head-unwritable",
        f"the ledger's head cannot be written: {printable(reason)}; nothing was recorded or signed",
        "make the keystore's folder or the state folder writable, or choose another with "
        "--state-dir",
    )
