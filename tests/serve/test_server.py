"""The server: where it listens, how it stops, many callers, and how long one waits."""

import errno
import http.client
import json
import os
import signal
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from patron.errors import UserError
from patron.serve import create_app, run_server


def while_serving(app: Any, client: Callable[[str], Any], **options: Any) -> Any:
    """Run the server here and the client in a thread, which sends Ctrl-C when it is done."""
    results: list[Any] = []
    here = threading.main_thread().ident

    def visit(url: str) -> None:
        try:
            results.append(client(url))
        finally:
            signal.pthread_kill(here, signal.SIGINT)

    threads: list[threading.Thread] = []

    def on_start(url: str) -> None:
        threads.append(threading.Thread(target=visit, args=[url]))
        threads[0].start()

    run_server(app, port=0, on_start=on_start, **options)
    threads[0].join()
    return results[0]


def connected(url: str) -> Any:
    there = urlsplit(url)
    return closing(http.client.HTTPConnection(there.hostname, there.port, timeout=20))


def post(connection: http.client.HTTPConnection, body: str) -> tuple[int, dict[str, Any]]:
    connection.request("POST", "/v1/predict", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_tells_its_url_answers_and_stops_at_ctrl_c(app, host, capfd):
    def client(url: str) -> tuple[int, Any, str]:
        with connected(url) as connection:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()), url

    status, content, url = while_serving(app, client, host=host)
    assert (status, content) == (200, {"status": "ok"})
    assert url.startswith(("http://127.0.0.1:", "http://[::1]:"))
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ConnectionRefusedError), connected(url) as connection:
        connection.request("GET", "/health")


def test_other_machines_may_reach_it_only_with_a_token(app, bundle):
    for host in ("0.0.0.0", "::", "192.168.1.5", "shop.example"):
        with pytest.raises(UserError) as mistake:
            run_server(app, host=host, port=0)
        assert str(mistake.value) == (
            f"other machines could reach {host}, and the API has no token. "
            "Give it one with --token-file, or listen on 127.0.0.1."
        )
    guarded = create_app(bundle, token="abc")
    assert while_serving(guarded, lambda url: url, host="0.0.0.0").startswith("http://0.0.0.0:")


def test_a_port_that_is_taken_is_a_mistake_with_a_way_out(app):
    def second(url: str) -> str:
        port = urlsplit(url).port
        with pytest.raises(UserError) as mistake:
            run_server(app, port=port)
        return str(mistake.value).replace(str(port), "PORT")

    message = while_serving(app, second)
    assert message == (
        f"cannot listen on 127.0.0.1, port PORT: {os.strerror(errno.EADDRINUSE)}. "
        "Choose another with --host and --port."
    )


def test_a_host_that_cannot_be_had_is_a_mistake(bundle):
    guarded = create_app(bundle, token="abc")
    with pytest.raises(
        UserError, match=r"cannot listen on no such host, port 0: .* Choose another"
    ):
        run_server(guarded, host="no such host", port=0)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_cannot_be_is_a_mistake(app, port):
    with pytest.raises(UserError, match=f"there is no port {port}. Choose one from 1 to 65535"):
        run_server(app, port=port)


def test_many_callers_at_once_get_what_one_would(app):
    rows = [{"customer_id": n, "age": n % 97, "region": "north"} for n in range(400)]
    bodies = [json.dumps({"rows": rows[n : n + 10]}) for n in range(0, 400, 10)] * 4

    def client(url: str) -> Any:
        def ask(body: str) -> Any:
            with connected(url) as connection:
                status, answer = post(connection, body)
            for each in answer["predictions"]:
                del each["scored_at"]
            return status, answer

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(ask, bodies)), [ask(body) for body in bodies]

    together, alone = while_serving(app, client)
    assert together == alone
    assert [status for status, _ in alone] == [200] * len(bodies)


def test_a_request_that_waits_is_no_news(app, caplog):
    """With one thread the second waits for the first."""
    body = json.dumps({"rows": [{"customer_id": n} for n in range(10)]})

    def client(url: str) -> list[int]:
        def ask(_: int) -> int:
            with connected(url) as connection:
                return post(connection, body)[0]

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(ask, range(40)))

    assert set(while_serving(app, client, threads=1)) == {200}
    assert caplog.records == []


def test_a_body_over_the_limit_gets_its_answer_through_the_server(app):
    def client(url: str) -> Any:
        with connected(url) as connection:
            return post(connection, "x" * 200_000)

    status, answer = while_serving(app, client)
    assert (status, answer["error"]["code"]) == (413, "body_too_large")


def test_one_row_is_answered_quickly(app):
    """A loose bound, for machines that are busy with other work."""
    body = json.dumps({"rows": [{"customer_id": 1, "age": 40, "region": "north"}]})

    def client(url: str) -> list[float]:
        waits = []
        with connected(url) as connection:
            for _ in range(200):
                start = time.perf_counter()
                status, _ = post(connection, body)
                waits.append(time.perf_counter() - start)
                assert status == 200
        return waits

    assert statistics.median(while_serving(app, client)) < 0.03
