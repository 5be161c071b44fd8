"""Measures Faultline against a hand-written floor, in one run, interleaved, on a durable server: `make bench`."""
