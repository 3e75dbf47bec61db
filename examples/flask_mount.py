"""Mount a model's API under /patron in a Flask app of your own.

Run it with `flask --app examples/flask_mount.py run`, then open http://127.0.0.1:5000/patron/.
"""

import os

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from patron.bundle import load_bundle
from patron.serve import create_app

app = Flask(__name__)


@app.get("/")
def home() -> str:
    """Your own page."""
    return "The shop"


model = create_app(load_bundle(os.environ.get("BUNDLE", "out/bundle")))
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/patron": model})  # type: ignore[method-assign]
