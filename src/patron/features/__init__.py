"""Features: from orders at a date, or from a customer table; and from a table to a matrix."""
