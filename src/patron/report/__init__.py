"""The report: one dict in, one self-contained page out."""

__all__ = ["render", "render_audit"]

from patron.report.render import render, render_audit
