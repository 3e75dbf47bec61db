"""What tests of pages share: a page whose tags are checked, its text, and dicts without figures."""

__all__ = ["NEVER", "Page", "text_of", "without"]

import re
from html.parser import HTMLParser

NEVER = re.compile(r"\b(None|nan|NaN|inf)\b")
_VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, ids, links and headings of a page; an AssertionError where tags are not balanced."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.headings = [], [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    @property
    def seen(self):
        return {tag for tag, _ in self.tags}

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs["href"][1:]] if tag == "a" else []
        self.headings += [int(tag[1])] if re.fullmatch(r"h[1-6]", tag) else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"


def text_of(page):
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)


def without(value, *keys):
    """The same dict, the given fields of every interval unknown."""
    if isinstance(value, dict):
        gone = dict.fromkeys(keys) if {"value", "low", "high"} <= value.keys() else {}
        return {key: without(inner, *keys) for key, inner in value.items()} | gone
    return [without(each, *keys) for each in value] if isinstance(value, list) else value
