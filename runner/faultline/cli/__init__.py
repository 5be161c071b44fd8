"""The command `faultline`: main.py and one module for each group of commands."""
