"""Posting once and finding out what happened, up to the receipt; no rules, no terminal."""
