"""The report: one dict in, one self-contained page out."""

__all__ = ["render"]

from patron.report.render import render
