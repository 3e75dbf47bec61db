"""Features: from orders at a date, or from a customer table; and from a table to a matrix.

Import what is needed from its own module: scoring takes `encode` alone.
"""

__all__: list[str] = []
