"""A program for each peer, with the same three verbs; it runs in the peer's own environment, by the peer's own client.

`install` makes the schema, `produce OPTIONS` enqueues and prints what it took, `work` runs handlers until SIGTERM. The
database is BENCH_DSN; BENCH_STATE is the directory where workers tell what they have run.
"""
