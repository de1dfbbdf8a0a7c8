"""Every refusal is one of these: a stable code, a sentence, a remedy and an exit status.

The base class is never raised itself. The command line catches it once and turns it into
text or JSON; see "Exit status" in docs/formats.md.
"""

from __future__ import annotations

from typing import ClassVar, Self


class ColdleverError(Exception):
    """Base of all refusals.

    Args:
        code: stable identifier in kebab case, such as ``nonce-used``.
        message: one sentence for a person, already escaped for display.
        remedy: what the person can do about it, where there is something.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, code: str, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def at(self, where: object) -> Self:
        """The same refusal with the place in front of its sentence.

        Args:
            where: a file with a path in it, an option; printable.
        """
        return type(self)(self.code, f"{where}: {self.message}", self.remedy)

    def to_wire(self) -> dict[str, object]:
        """The same content as a JSON object: ``code``, ``message``, ``exitStatus``, ``remedy``."""
        wire: dict[str, object] = {
            "code": self.code,
            "message": self.message,
            "exitStatus": self.exit_status,
        }
        if self.remedy is not None:
            wire["remedy"] = self.remedy
        return wire


class UsageRefused(ColdleverError):
    """The options do not go together (exit status 2)."""

    exit_status = 2


class InputRefused(ColdleverError):
    """A file, a QR code or a value is malformed or unreadable (exit status 3)."""

    exit_status = 3


class RuleRefused(ColdleverError):
    """Well-formed, but a rule forbids it: nonce, expiry, market, signer (exit status 4)."""

    exit_status = 4


class PersonDeclined(ColdleverError):
    """The person in front of the screen said no (exit status 5)."""

    exit_status = 5


class ExchangeRefused(ColdleverError):
    """The exchange answered with a refusal of its own (exit status 6)."""

    exit_status = 6


class OutcomeUnknown(ColdleverError):
    """It may have landed or not; ``resolve`` continues (exit status 7)."""

    exit_status = 7


class EnvironmentFault(ColdleverError):
    """The machine, the disk or the network failed (exit status 8)."""

    exit_status = 8


class Interrupted(ColdleverError):
    """Somebody asked it to stop: Ctrl-C, SIGTERM or SIGHUP (exit status 130)."""

    exit_status = 130


class InternalFault(ColdleverError):
    """A defect of coldlever itself (exit status 1)."""
