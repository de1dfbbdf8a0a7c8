"""What both command lines share: terminal, options, refusals and folders; no rules of any kind."""
