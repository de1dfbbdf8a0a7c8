"""Measurements, each against a peer in the same run; `make bench` prints them."""
