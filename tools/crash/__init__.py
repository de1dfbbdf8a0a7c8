"""The parts of the crash campaign (tools/campaign_crash.py): a stage, children to kill, a judge."""
