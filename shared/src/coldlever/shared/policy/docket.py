"""From the requests of a run to the cases that people approve: single ones, or batches whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coldlever.shared.action import Address, Network, Setting, Signable
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.statement import Approval, Case, case_of, merge
from coldlever.shared.statement.text import batch_lines


@dataclass(frozen=True, slots=True)
class Item:
    """One request or payload of a run.

    Args:
        signable: what gets signed.
        signer: who signs, or None where nothing says it yet.
        account: whose setting it is said to change, or None.
        approvals: those that it carries.
        current: the setting in force, or None.
    """

    signable: Signable
    signer: Address | None
    account: Address | None
    approvals: tuple[Approval, ...] = ()
    current: Setting | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Approvals from a file of their own.

    Args:
        source: the file's name, printable.
        network: which the case is for.
        subject: 32 bytes that name the case.
        approvals: what it holds.
    """

    source: str
    network: Network
    subject: bytes
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """One case with all that is said about it.

    Args:
        case: what about.
        approvals: of the documents and of files of their own.
        currents: for each request the setting in force, or None.
        positions: of its requests in the run.
    """

    case: Case
    approvals: tuple[Approval, ...]
    currents: tuple[Setting | None, ...]
    positions: tuple[int, ...]

    @property
    def first(self) -> int:
        """The position of its first request in the run."""
        return self.positions[0]

    @property
    def size(self) -> int:
        """How many requests it has."""
        return len(self.case.signables)


def hearings(
    items: Sequence[Item], sheets: Sequence[Sheet], *, is_batch: bool
) -> tuple[Hearing, ...]:
    """The cases of a run, in its order.

    Revocations are none, and are left out: revoking needs no approval.

    A batch is one case, unless its members carry approvals that say otherwise (of single requests,
    or of several batches that stand one behind the other), or have no head in common.

    Args:
        items: at least one.
        sheets: approvals from files; each must be about one of the cases.
        is_batch: the items stand in an array.

    Raises:
        RuleRefused: ``approval-invalid`` for a file about something else, ``signer-missing`` or
            ``batch-mixed``.
    """
    changes = [(at, one) for at, one in enumerate(items) if one.signable.what is What.PAYLOAD]
    spans = list(_spans([one for _, one in changes], sheets, is_batch=is_batch))
    found = [_hear(changes[first : first + size], whole) for first, size, whole in spans]
    for sheet in sheets:
        found = _spread(sheet, found)
    return tuple(found)


def require_cases(found: tuple[Hearing, ...]) -> tuple[Hearing, ...]:
    """What people are asked about, where there is anything to ask about.

    Raises:
        RuleRefused: ``nothing-to-approve``.
    """
    if found:
        return found
    raise RuleRefused(
        "nothing-to-approve",
        "a revocation is kept back by no policy and needs no approval",
        "sign and post it as it is",
    )


def only_case(found: tuple[Hearing, ...]) -> Hearing:
    """The one case that a person is asked about.

    Raises:
        RuleRefused: ``nothing-to-approve``, or ``batch-mixed`` for several.
    """
    if len(require_cases(found)) == 1:
        return found[0]
    raise RuleRefused(
        "batch-mixed",
        "the requests of this batch have no head in common, or approvals of their own: they are "
        "not approved as one",
        "put each request into a file of its own",
    )


def _spans(
    items: Sequence[Item], sheets: Sequence[Sheet], *, is_batch: bool
) -> Iterator[tuple[int, int, bool]]:
    """Where each case begins, how many requests it has, and whether it is a batch."""
    if not items:
        return
    if not is_batch:
        yield 0, 1, False
        return
    digests = {item.signable.digest() for item in items}
    is_bare = not any(item.approvals for item in items)
    is_one = len({_head(item) for item in items}) == 1
    if is_bare and is_one and not any(_is_about_parts(sheet, digests) for sheet in sheets):
        yield 0, len(items), True
        return
    first = 0
    while first < len(items):
        size = _batch_size(items[first].approvals)
        is_whole = size is not None and first + size <= len(items)
        count = size if size is not None and is_whole else 1
        yield first, count, is_whole
        first += count


def _head(item: Item) -> tuple[Network, Address | None, Address | None, Address | None]:
    """What the head of a batch's statement says once for all its requests."""
    return (item.signable.network, item.signable.vault, item.signer, item.account)


def _is_about_parts(sheet: Sheet, digests: set[bytes]) -> bool:
    """Whether it approves single requests of the array, or parts of a larger batch."""
    return sheet.subject in digests


def _batch_size(approvals: Sequence[Approval]) -> int | None:
    sizes = (one.requests for one in approvals if one.listed is None)
    return next((size for size in sizes if size is not None), None)


def _hear(placed: Sequence[tuple[int, Item]], whole: bool) -> Hearing:  # noqa: FBT001 - inside
    items = [item for _, item in placed]
    case = case_of([(one.signable, one.signer, one.account) for one in items], is_batch=whole)
    return Hearing(
        case,
        merge(*(one.approvals for one in items)),
        tuple(one.current for one in items),
        tuple(position for position, _ in placed),
    )


def _spread(sheet: Sheet, found: Sequence[Hearing]) -> list[Hearing]:
    """The cases with what a sheet says about them."""
    concerned = [_concerns(sheet, one.case) for one in found]
    if not any(concerned):
        raise RuleRefused(
            "approval-invalid",
            f"{sheet.source}: its approvals are for another request",
            "give the approvals of this one",
        )
    return [
        replace(one, approvals=merge(one.approvals, sheet.approvals)) if is_about else one
        for one, is_about in zip(found, concerned, strict=True)
    ]


def _concerns(sheet: Sheet, case: Case) -> bool:
    if sheet.network is not case.network:
        return False
    if sheet.subject == case.subject:
        return True
    lines = {line for one in sheet.approvals for line in one.listed or ()}
    return bool(lines) and lines.issuperset(batch_lines(case.signables))
