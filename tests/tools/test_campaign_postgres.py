"""The campaign against a shared ledger, in short; and it sees what is wrong."""

from __future__ import annotations

import pytest
from campaign_postgres import Chaos

pytestmark = [pytest.mark.slow, pytest.mark.sources, pytest.mark.usefixtures("installed")]


@pytest.fixture(scope="module")
def installed(postgres_programs):
    """Skips where there is no PostgreSQL."""
    assert postgres_programs.name


def test_nothing_lands_twice_or_is_lost_and_no_verdict_is_wrong():
    tally = Chaos(payloads=24, seed=7).play()
    assert tally.wrong == []
    assert tally.counts["payloads landed"] >= 16
    assert sum(count for name, count in tally.counts.items() if name.startswith("mishap")) >= 10


def test_a_wrong_rule_is_found():
    tally = Chaos(payloads=24, seed=7, sabotage="lost-is-refused").play()
    assert any("refused" in one for one in tally.wrong)
