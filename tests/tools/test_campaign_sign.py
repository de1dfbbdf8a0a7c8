"""The short form of `make campaign-sign`: real signers die, and no promise is broken."""

from __future__ import annotations

import shutil
import sys

import campaign_sign
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.unmeasured,
    pytest.mark.skipif(sys.platform != "linux", reason="the cage is Linux's"),
]


def test_a_signer_killed_anywhere_breaks_no_promise():
    stride = 0 if shutil.which("strace") is None else 60
    reached, broken = campaign_sign.campaign(6, stride, seed=3)
    assert broken == []
    assert reached.total() >= 6


def test_the_campaign_notices_a_payload_whose_nonce_is_not_recorded(tmp_path):
    template = campaign_sign.prepare(campaign_sign.SHAPES[0], tmp_path, traced=False)
    ((name, data),) = template.outputs.items()
    (template.place.root / name).write_bytes(data)
    with pytest.raises(campaign_sign.Broken, match="not recorded"):
        campaign_sign.judge(template, template.place)


def test_the_campaign_notices_half_a_payload(tmp_path):
    template = campaign_sign.prepare(campaign_sign.SHAPES[0], tmp_path, traced=False)
    ((name, data),) = template.outputs.items()
    (template.place.root / name).write_bytes(data[:-1])
    with pytest.raises(campaign_sign.Broken, match="half-written"):
        campaign_sign.judge(template, template.place)
