"""Which requests of a run are one case, and which approvals are about it."""

from dataclasses import replace

import pytest

from coldlever.shared.action import Network, UpdateLeverage
from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy.docket import Item, Sheet, hearings
from coldlever.shared.statement import Approval, Decision
from coldlever.shared.statement.text import batch_lines
from tests.shared.approving import ACCOUNT, NOW, SIGNER, VAULT, make_case, make_signable

ONE, TWO, THREE = (
    make_signable(nonce=NOW + n, action=UpdateLeverage(n, True, 5)) for n in range(3)
)
SINGLE = Approval(Decision.APPROVE, bytes(8), bytes(64))
OF_TWO = replace(SINGLE, requests=2)


def items(*signables, **approvals):
    return [
        Item(one, SIGNER, ACCOUNT, approvals.get(f"at{n}", ())) for n, one in enumerate(signables)
    ]


def shapes(found):
    return [(one.first, one.size, one.case.is_batch, len(one.approvals)) for one in found]


def test_a_request_of_its_own_is_a_case():
    assert shapes(hearings(items(ONE, at0=(SINGLE,)), [], is_batch=False)) == [(0, 1, False, 1)]


def test_an_array_without_approvals_is_one_case():
    assert shapes(hearings(items(ONE, TWO), [], is_batch=True)) == [(0, 2, True, 0)]
    assert shapes(hearings(items(ONE), [], is_batch=True)) == [(0, 1, True, 0)]


def test_approvals_of_single_requests_make_single_cases():
    found = hearings(items(ONE, TWO, at0=(SINGLE,), at1=(SINGLE,)), [], is_batch=True)
    assert shapes(found) == [(0, 1, False, 1), (1, 1, False, 1)]


def test_approvals_of_a_batch_stand_at_its_first_request():
    found = hearings(items(ONE, TWO, THREE, at1=(OF_TWO, OF_TWO)), [], is_batch=True)
    assert shapes(found) == [(0, 1, False, 0), (1, 2, True, 1)]
    short = hearings(items(ONE, TWO, at1=(OF_TWO,)), [], is_batch=True)
    assert shapes(short) == [(0, 1, False, 0), (1, 1, False, 1)]


def sheet(subject, *approvals, network=Network.MAINNET):
    return Sheet("file", network, subject, approvals or (SINGLE,))


def test_a_file_of_approvals_finds_its_case():
    batch = make_case(ONE, TWO, is_batch=True)
    found = hearings(items(ONE, TWO), [sheet(batch.subject, OF_TWO)], is_batch=True)
    assert shapes(found) == [(0, 2, True, 1)]
    found = hearings(items(ONE, TWO), [sheet(TWO.digest())], is_batch=True)
    assert shapes(found) == [(0, 1, False, 0), (1, 1, False, 1)]


def test_the_list_of_a_batch_finds_a_single_request_of_it():
    batch = make_case(ONE, TWO, is_batch=True)
    listed = replace(OF_TWO, listed=batch_lines((ONE, TWO)), not_after=1)
    found = hearings(items(TWO), [sheet(batch.subject, listed)], is_batch=False)
    assert shapes(found) == [(0, 1, False, 1)]


@pytest.mark.parametrize(
    "given", [sheet(THREE.digest()), sheet(ONE.digest(), network=Network.TESTNET)]
)
def test_a_file_about_something_else_is_refused(given):
    with pytest.raises(RuleRefused) as caught:
        hearings(items(ONE), [given], is_batch=False)
    assert caught.value.code == "approval-invalid"


def test_a_batch_of_several_accounts_is_no_case_of_its_own():
    mixed = [Item(ONE, SIGNER, ACCOUNT), Item(TWO, SIGNER, VAULT)]
    assert shapes(hearings(mixed, [], is_batch=True)) == [(0, 1, False, 0), (1, 1, False, 0)]
    approved = [Item(ONE, SIGNER, ACCOUNT, (OF_TWO,)), Item(TWO, SIGNER, VAULT)]
    with pytest.raises(RuleRefused) as caught:
        hearings(approved, [], is_batch=True)
    assert caught.value.code == "batch-mixed"
