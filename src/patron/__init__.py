"""Patron: from a shop's customer table to decisions that it can defend."""

__version__ = "0.1.0"
