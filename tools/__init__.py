"""Programs that build and check the project; run them from its root, as `python -m tools.NAME`."""
