"""Strict readers of bytes, values and times; nothing here knows what an action is."""
