"""Documents as cases for approval, and back with the approvals in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coldlever.shared.message.request import Request, RequestFile
from coldlever.shared.message.signed import SignedFile, SignedPayload
from coldlever.shared.policy.docket import Hearing, Item
from coldlever.shared.policy.saying import bare


def items_of(message: RequestFile | SignedFile) -> list[Item]:
    """The requests or payloads of a document, as what is put before people.

    Raises:
        RuleRefused: ``signature-invalid`` for a bare body that no key can have signed.
    """
    if isinstance(message, RequestFile):
        return [_of_request(request) for request in message.requests]
    return [item_of(payload) for payload in message.payloads]


def _of_request(request: Request) -> Item:
    return Item(
        request.signable, request.signer, request.account, request.approvals, request.current
    )


def item_of(payload: SignedPayload) -> Item:
    """One payload; whose signature it claims, or really has where it claims nothing."""
    signer = payload.signer if payload.signer is not None else payload.recovered_signer()
    return Item(payload.signable, signer, payload.account, payload.approvals)


def with_approvals(
    message: RequestFile | SignedFile, hearings: Sequence[Hearing]
) -> RequestFile | SignedFile:
    """The document with what each case has; of a batch it stands at its first request."""
    said = {
        one.first: tuple(bare(each) if one.case.is_batch else each for each in one.approvals)
        for one in hearings
    }
    if isinstance(message, RequestFile):
        requests = enumerate(message.requests)
        return replace(
            message,
            requests=tuple(replace(one, approvals=said.get(n, ())) for n, one in requests),
        )
    payloads = enumerate(message.payloads)
    return replace(
        message, payloads=tuple(replace(one, approvals=said.get(n, ())) for n, one in payloads)
    )
