"""What is said when signed payloads cannot be handed over any more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import click

from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.errors import ColdleverError, EnvironmentFault, Interrupted
from coldlever.signer.signing import Signed

_AGAIN = (
    "sign the same request again: it has the same nonce, gets the same signature and spends nothing"
)


@contextlib.contextmanager
def telling_what_is_recorded(signed: Sequence[Signed]) -> Iterator[None]:
    """Say beside whatever stops the delivery what the ledger holds, and how to get the payloads.

    Raises:
        EnvironmentFault: with the code of what happened.
        Interrupted: the person stopped it.
    """
    try:
        yield
    except (ColdleverError, OSError, KeyboardInterrupt, click.Abort) as error:
        refusal = refusal_of(error)
        kind = Interrupted if isinstance(refusal, Interrupted) else EnvironmentFault
        sentence = f"{refusal.message}; {_recorded(signed)}"
        raise kind(refusal.code, sentence, _remedy(refusal)) from None


def _recorded(signed: Sequence[Signed]) -> str:
    nonces = sorted(one.payload.signable.nonce for one in signed)
    if len(nonces) == 1:
        return f"the nonce {nonces[0]} is recorded as spent on this request, whose payload was made"
    return (
        f"{len(nonces)} nonces ({nonces[0]} to {nonces[-1]}) are recorded as spent on these "
        "requests, whose payloads were made"
    )


def _remedy(refusal: ColdleverError) -> str:
    # "Interrupted" needs no cure, a full disk does.
    return _AGAIN if refusal.remedy is None else f"{refusal.remedy}, then {_AGAIN}"
