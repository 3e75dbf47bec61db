"""Models: one small class each; import what is needed from its own module."""

__all__: list[str] = []
