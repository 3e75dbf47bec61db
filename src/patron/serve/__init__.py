"""The API: an app over a bundle, and a server to run it."""

__all__ = ["create_app", "run_server"]

from patron.serve.app import create_app
from patron.serve.server import run_server
