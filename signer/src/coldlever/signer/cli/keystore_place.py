"""Where a new keystore goes, and what is said when it cannot be told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.state_folder import make_folder
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import ColdleverError, EnvironmentFault, UsageRefused
from coldlever.shared.files import rehearse_write, require_writable
from coldlever.shared.printable import printable
from coldlever.signer.key import Keyring

# A V3 keystore has about 600 bytes.
_KEYSTORE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new keystore goes.

    Args:
        ring: the key folder.
        out: ``--out``.
        name: ``--name``.
    """

    ring: Keyring
    out: str | None
    name: str | None

    def path(self, address: Address) -> Path:
        """The keystore's file, which the address names where nothing else does."""
        if self.out is not None:
            return Path(self.out)
        return self.ring.place_for(self.name if self.name is not None else address.lower)

    def require(self, *, as_json: bool) -> None:
        """Find out before any secret is asked for whether the keystore can be written and told of.

        Args:
            as_json: stdout is where it is told.

        Raises:
            UsageRefused: ``two-places``, ``output-exists`` or ``output-is-folder``.
            EnvironmentFault: ``output-folder``, ``output-closed``, ``state-folder``, ``disk-full``
                or ``write-failed``.
        """
        if self.out is not None and self.name is not None:
            raise UsageRefused("two-places", "--out and --name exclude each other")
        if as_json:
            require_stdout()
        # The address is not known yet.
        named = self.out is not None or self.name is not None
        place = self.path(Address(bytes(ADDRESS_BYTES)))
        if self.out is None:
            make_folder(self.ring.folder)
        if named:
            require_writable(place, force=False)
        rehearse_write(place, _KEYSTORE_BYTES)


@contextlib.contextmanager
def telling_where(path: Path, address: Address) -> Iterator[None]:
    """A keystore that nobody was told of would be a key that nobody looks after."""
    try:
        yield
    except (ColdleverError, OSError) as error:
        refusal = refusal_of(error)
        raise EnvironmentFault(
            refusal.code,
            f"{refusal.message}; the keystore of {address} stands complete in "
            f"{printable(str(path))}",
            "back it up and look at it with `key show`, or delete it",
        ) from None
