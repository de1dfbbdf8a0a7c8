"""What `/info` says about the state; nothing here changes it."""
