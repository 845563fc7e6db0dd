"""Checks that any page of ours must pass, read from its HTML alone; it returns what it found."""

import base64
import gzip
import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd

MAX_BYTES = 5 * 1024 * 1024
VOID = {"meta", "link", "br", "hr", "img", "input", "source", "wbr"}
ADDRESSES = {
    "src",
    "href",
    "xlink:href",
    "action",
    "formaction",
    "poster",
    "data",
    "srcset",
    "cite",
    "background",
    "ping",
}
OUTSIDE = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)|@import|url\(\s*['\"]?(?!#|data:|['\"]?\))", re.IGNORECASE)


@dataclass
class Node:
    """An element: its tag, attributes, children and text."""

    tag: str
    attributes: dict
    children: list = field(default_factory=list)
    parts: list = field(default_factory=list)

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, *tags):
        return [node for node in self.walk() if node.tag in tags]

    @property
    def text(self):
        return "".join(part if isinstance(part, str) else part.text for part in self.parts).strip()


@dataclass
class PageFacts:
    """What a page holds."""

    title: str
    headings: list  # (level, text) in the page's order
    tables: dict  # name -> DataFrame, from the CSV in the page
    shown: dict  # name -> rows on the page, each a list of texts
    pictures: int
    bytes: int
    root: Node


class Tree(HTMLParser):
    """Builds the tree and refuses tags that do not close in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("document", {})
        self.stack = [self.root]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        node = Node(tag, dict(attrs))
        self.stack[-1].children.append(node)
        self.stack[-1].parts.append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data):
        self.stack[-1].parts.append(data)


def check_page(html):
    """Assert what every page owes its readers, and return its facts (PageFacts)."""
    size = len(html.encode())
    assert size <= MAX_BYTES, f"{size} bytes"
    assert html.startswith("<!DOCTYPE html>")
    tree = Tree()
    tree.feed(html)
    tree.close()
    assert tree.stack == [tree.root], "an element is left open"
    root = tree.root
    check_frame(root)
    check_names(root)
    check_addresses(root)
    headings = check_headings(root)
    tables, shown = {}, {}
    for holder in root.walk():
        if "data-table" in holder.attributes:
            name = holder.attributes["data-table"]
            tables[name] = csv_of(holder, name)
            assert len(tables[name]) == int(holder.attributes["data-rows"]), name
            shown[name] = [row for table in holder.all("table") for row in check_table(table)]
    inside = {
        id(table) for holder in root.walk() if "data-table" in holder.attributes for table in holder.all("table")
    }
    assert inside == {id(table) for table in root.all("table")}, "a table without a download"
    pictures = len(root.all("img"))
    return PageFacts(root.all("title")[0].text, headings, tables, shown, pictures, size, root)


def check_frame(root):
    (page,) = root.all("html")
    assert page.attributes.get("lang") == "en"
    assert root.all("title")[0].text
    for landmark in ("main", "nav", "header", "footer"):
        assert len(root.all(landmark)) == 1, landmark
    first = root.all("body")[0].all("a")[0]
    (main,) = root.all("main")
    assert first.attributes["href"] == f"#{main.attributes['id']}", "the first link must skip to main"
    listed = [link.attributes["href"] for link in root.all("nav")[0].all("a")]
    assert listed == [f"#{part.attributes['id']}" for part in main.all("section")]


def check_names(root):
    ids = [node.attributes["id"] for node in root.walk() if "id" in node.attributes]
    assert len(ids) == len(set(ids)), "ids must be unique"
    for node in root.walk():
        here = node.attributes.get("href") or ""
        assert not here.startswith("#") or here[1:] in ids, f"{here} leads nowhere"
        assert not [name for name in node.attributes if name.startswith("on")], f"<{node.tag}> has a handler"
        for name in ("aria-labelledby", "aria-describedby"):
            assert node.attributes.get(name) is None or node.attributes[name] in ids
    regions = [node for node in root.walk() if node.attributes.get("role") == "region"]
    labels = [node.attributes.get("aria-label") for node in regions]
    assert all(labels), "a region without a label"
    assert len(labels) == len(set(labels)), "two regions with one label"
    assert all(node.attributes.get("tabindex") == "0" for node in regions)
    assert all((image.attributes.get("alt") or "").strip() for image in root.all("img")), "a picture without words"


def check_addresses(root):
    for node in root.walk():
        for name in ADDRESSES & node.attributes.keys():
            value = node.attributes[name]
            assert value.startswith(("data:", "#")), f"<{node.tag} {name}={value[:60]!r}>"
            if value.startswith("data:image/svg+xml"):
                drawing = decode(value).decode()
                assert "<!DOCTYPE" not in drawing
                assert "<script" not in drawing
                plain = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", drawing)
                assert not OUTSIDE.search(plain), OUTSIDE.search(plain)
                links = re.findall(r'\bhref="([^"]*)"', plain)
                assert all(link.startswith(("#", "data:")) for link in links)
        if node.tag == "style" or "style" in node.attributes:
            style = node.text + (node.attributes.get("style") or "")
            assert not OUTSIDE.search(style), OUTSIDE.search(style)
    scripts = [node for node in root.all("script") if node.attributes.get("type") != "application/gzip"]
    assert len(scripts) <= 1, "a script that is not the page's own"
    for script in scripts:
        code = re.sub(r"(^|\s)//[^\n]*", "", script.text)
        assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(|\.src\b", code)


def check_headings(root):
    headings = [(int(node.tag[1]), node.text) for node in root.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert [level for level, _ in headings].count(1) == 1
    assert headings[0][0] == 1
    for (before, _), (level, text) in pairwise(headings):
        assert level <= before + 1, f"the heading {text!r} skips a level"
    assert all(text for _, text in headings)
    return headings


def check_table(table):
    """Assert a caption and scoped headers; return the rows' texts."""
    (caption,) = table.all("caption")
    assert caption.text
    assert table.children[0] is caption
    heads = table.all("thead")[0].all("th")
    assert heads
    assert all(head.attributes.get("scope") == "col" and head.text for head in heads)
    rows = table.all("tbody")[0].all("tr")
    for row in rows:
        assert len(row.children) == len(heads)
        assert row.children[0].tag == "th"
        assert row.children[0].attributes.get("scope") == "row"
        assert all(cell.text for cell in row.children), "a cell without text"
    return [[cell.text for cell in row.children] for row in rows]


def csv_of(holder, name):
    """Return a table's CSV, by whichever way the page holds it, and check the link's words."""
    links = [node for node in holder.all("a") if "download" in node.attributes]
    blocks = [node for node in holder.all("script") if node.attributes.get("type") == "application/gzip"]
    assert len(links) + len(blocks) == 1, f"{name}: {len(links)} links and {len(blocks)} blocks"
    rows = f"{int(holder.attributes['data-rows']):,} row"
    if blocks:
        content = gzip.decompress(base64.b64decode(blocks[0].text, validate=True))
        assert f"{name}.csv ({rows}" in holder.text
    else:
        link = links[0]
        content = decode(link.attributes["href"])
        if link.attributes["download"] == f"{name}.csv.gz":
            assert link.attributes["data-label"].startswith(f"Download {name}.csv ({rows}")
            content = gzip.decompress(content)
        else:
            assert link.attributes["download"] == f"{name}.csv"
            assert link.text.startswith(f"Download {name}.csv ({rows}")
    return read_csv(content)


def read_csv(content):
    if not content.strip():
        return pd.DataFrame()
    return pd.read_csv(io.BytesIO(content), skip_blank_lines=False)


def decode(uri):
    head, content = uri.split(",", 1)
    assert head.endswith(";base64")
    return base64.b64decode(content, validate=True)
