"""Pages to print: HTML that needs nothing from anywhere, runs nothing, and breaks well across sheets of paper.

All words come from who makes a page; what is text stays text.
"""

import re
from collections.abc import Sequence
from html import escape

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # a file that is passed on must not be able to fetch or run
_STYLE = """
@page { margin: 16mm; }
* { box-sizing: border-box; }
body { font: 11pt/1.45 system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #1C1B19; background: #fff; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 20pt; line-height: 1.2; margin: 0 0 0.3rem; }
h2 { font-size: 13pt; margin: 1.4rem 0 0.3rem; break-after: avoid; }
h3 { font-size: 11pt; margin: 0.7rem 0 0.2rem; break-after: avoid; }
p, ul, ol { margin: 0.3rem 0; }
section, tr, figure { break-inside: avoid; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.6rem 0.25rem 0; border-bottom: 1px solid #CFCAC0; }
thead th { font-size: 9.5pt; font-weight: 600; color: #5C574E; }
tbody th { font-weight: 600; }
figure { margin: 0.6rem 0; }
figure svg { width: 100%; height: auto; }
figcaption, .note { font-size: 9.5pt; color: #5C574E; }
.box { border: 1px solid #8C857A; border-radius: 6px; padding: 0.5rem 0.8rem; }
.lines { height: 9rem; border: 1px solid #8C857A; border-radius: 6px; margin: 0.4rem 0; }
@media print { body { margin: 0; padding: 0; max-width: none; } a { color: inherit; } }
"""
_INLINE = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*\s][^*]*)\*|`(?P<code>[^`]+)`")
_ITEM = re.compile(r"(?:-|(\d{1,3})\.)\s+(.*)")


def document(title: str, language: str, parts: Sequence[str]) -> str:
    """Returns a whole page.

    Args:
        title: Plain text.
        language: Code of its language.
        parts: What it consists of, as HTML from the functions here.
    """
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    )
    body = f"<h1>{escape(title)}</h1>{''.join(parts)}"
    return f'<!doctype html><html lang="{escape(language)}"><head>{head}</head><body>{body}</body></html>'


def section(title: str, *parts: str) -> str:
    """Returns parts below a heading, which stay on one sheet where they fit."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def paragraph(text: str, *, kind: str = "") -> str:
    """Returns plain text; `kind` is "note" for what is said beside, "box" for what stands in a frame."""
    return f'<p class="{escape(kind)}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def figure(picture: str, caption: str) -> str:
    """Returns a picture, as SVG made here, with a line below it."""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table of plain texts, whose first column names the rows."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(one)}</td>" for one in others)}</tr>'
        for first, *others in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def lines() -> str:
    """Returns an empty frame to write into."""
    return '<div class="lines"></div>'


def markup(text: str) -> str:
    """Returns a text with the few marks of Markdown that lessons use (paragraphs, lists, bold, italics, code)."""
    return "".join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block.strip())


def _block(block: str) -> str:
    items: list[str] = []
    paragraphs: list[str] = []
    is_numbered = False
    for line in block.splitlines():
        if found := _ITEM.match(line.strip()):
            is_numbered = is_numbered or found[1] is not None
            items.append(found[2])
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            paragraphs.append(line.strip())
    said = f"<p>{_inline(' '.join(paragraphs))}</p>" if paragraphs else ""
    tag = "ol" if is_numbered else "ul"
    listed = "".join(f"<li>{_inline(item)}</li>" for item in items)
    return said + (f"<{tag}>{listed}</{tag}>" if items else "")


def _inline(text: str) -> str:
    return _INLINE.sub(_marked, escape(text))


def _marked(found: re.Match) -> str:
    tag = str(found.lastgroup)
    return f"<{tag}>{found[tag]}</{tag}>"
