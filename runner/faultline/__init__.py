"""Background jobs on PostgreSQL, correct when things break."""

__version__ = "0.1.0"
