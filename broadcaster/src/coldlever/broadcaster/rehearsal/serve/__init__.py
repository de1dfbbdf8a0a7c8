"""The rehearsal over HTTP: server, connections, faults on the wire, weights; no exchange rules."""
