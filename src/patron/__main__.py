"""Runs the command: `python -m patron`."""

__all__: list[str] = []

from patron.cli import main

if __name__ == "__main__":
    main()
