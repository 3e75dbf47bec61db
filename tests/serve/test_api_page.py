"""The calls in docs/api.md are made, and answered as the page says."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
CALLS = re.findall(r"^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```)?", PAGE, re.DOTALL | re.MULTILINE)


def without_time(answer):
    return json.loads(re.sub(r'"scored_at": "[^"]*"', '"scored_at": ""', json.dumps(answer)))


@pytest.mark.parametrize(("call", "shown"), CALLS)
def test_a_call_is_answered_as_shown(client, call, shown):
    program, url, *options = shlex.split(call.replace("\\\n", ""))
    given = dict(zip(options[::2], options[1::2], strict=True))
    name, _, value = given["-H"].partition(": ")
    how = {"method": "POST", "data": given["-d"]} if "-d" in given else {}
    answer = client.open(urlsplit(url).path, headers={name: value}, **how)
    assert program == "curl"
    if shown:
        assert without_time(answer.get_json()) == without_time(json.loads(shown))
    else:
        assert answer.status_code == 200


def test_all_calls_are_found():
    assert len(CALLS) == PAGE.count("```sh") == 4


def test_every_code_is_explained():
    rooms = Path(__file__).parents[2] / "src" / "patron" / "serve"
    source = "".join(
        (rooms / name).read_text("utf-8") for name in ("app.py", "body.py", "views.py")
    )
    codes = set(re.findall(r'ApiError\(\s*\d+,\s*"(\w+)"', source))
    codes |= {"internal", "not_ready", "not_found", "method_not_allowed", "body_too_large"}
    assert len(codes) == 14
    assert [code for code in codes if f"`{code}`" not in PAGE] == []
