"""The model that Spin checks has the programme's own table."""

from __future__ import annotations

from model import PAGE, page


def test_the_models_table_is_the_programmes():
    assert PAGE.read_text() == page(), "run: python tools/model.py"


def test_the_old_rule_differs_in_the_meaning_of_a_duplicate_alone():
    ours, old = page().splitlines(), page(old_rule=True).splitlines()
    changed = [line for line in old if line not in ours]
    assert changed == ["  :: known == OPEN && event == DUPLICATE -> then = SPENT_ACCEPTED"]
    assert len(ours) == len(old)
