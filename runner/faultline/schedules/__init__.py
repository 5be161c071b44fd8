"""Schedules: from a file, or from the database, to the ticks that are due."""
