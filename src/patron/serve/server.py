"""run_server: the app under waitress, until it is interrupted."""

__all__ = ["run_server"]

import ipaddress
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask

from patron.errors import UserError

ROOM_FOR_REFUSAL = 10
"""A body up to this many times the limit is read to the end, so that its sender gets the app's 413.
Beyond that waitress hangs up, with a short text: nobody may fill the disk."""

# A request that waits for a moment is no news; waitress would warn of each.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def run_server(
    app: Flask,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    threads: int = 4,
    on_start: Callable[[str], None] | None = None,
) -> None:
    """Serve `app` until Ctrl-C.

    Parameters
    ----------
    app : what `create_app` gave.
    host, port : where to listen; port 0 takes any free one.
    threads : how many requests are answered at the same time.
    on_start : called with the URL once the server listens.

    Raises
    ------
    UserError
        The host can be reached from other machines but the app has no token, or the host and port
        cannot be had.
    """
    from waitress import wasyncore

    if not (_is_loopback(host) or app.config.get("PATRON_HAS_TOKEN")):
        raise UserError(
            f"other machines could reach {host}, and the API has no token. "
            f"Give it one with --token-file, or listen on 127.0.0.1."
        )
    sockets: dict[int, Any] = {}  # waitress puts its sockets here, those to callers too
    try:
        server = _listen(app, sockets, host, port, threads)
        try:
            if on_start is not None:
                on_start(_url(server))
            server.run()
        except KeyboardInterrupt:
            pass  # it came before `run`, which takes it for its end, too
        finally:
            server.task_dispatcher.shutdown()
    finally:
        wasyncore.close_all(sockets)


def _listen(app: Flask, sockets: dict[int, Any], host: str, port: int, threads: int) -> Any:
    from waitress.server import create_server

    if not 0 <= port <= 65_535:  # the system would wrap it round
        raise UserError(f"there is no port {port}. Choose one from 1 to 65535 with --port.")
    try:
        return create_server(
            app,
            map=sockets,
            host=host,
            port=port,
            threads=threads,
            ident=None,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"] * ROOM_FOR_REFUSAL,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UserError(
            f"cannot listen on {host}, port {port}: {why}. Choose another with --host and --port."
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(server: Any) -> str:
    """Where the server listens: the first address, as "localhost" may stand for two."""
    several = getattr(server, "effective_listen", None)
    host, port = several[0] if several else (server.effective_host, server.effective_port)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
