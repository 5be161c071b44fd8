"""What can be done to an arena, a module a family; scenarios.py says which are played together."""
