"""Failure drills: everything is broken on purpose, every call is recorded, and a checker decides what was kept.

`history` records, `receiver` is the outside world, `facts` reads the database in the end, `checker` judges.
"""

GUARDS = ("fence", "unique-key", "skip-locked", "fsync")
"""What a drill can do without, to see whether the checker notices; `controls` has them."""
