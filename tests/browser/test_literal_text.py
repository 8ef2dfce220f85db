"""What people type, shown by Streamlit's own Markdown in a real browser: letter by letter, whatever it looks like."""

import json
import random

import pytest
from patience import wait_for
from real_server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PIECES = r"""
: / :material/home: :material_home: :tada: :streamlit: :red[x] :blue-badge[x] :small[x] :color[x]{foreground="red"}
:help[x] :shimmer[x] ** __ _ * ~~ ~ ` ``` $ $$ $x^2$ $$x$$ \(x\) \ \: [ ] ( ) [x](http://a.example)
![x](http://a.example/p.png) <b> </style> <!-- &amp; &lt; &#58; & | --- === - + # > >= <= ~= -> <- <-> -- 1. 12) . )
www.a.example WWW.a.example http://a.example https://a.example a@a.example mailto:a@a.example xmpp:a@a.example
[^1] [^1]: {x} %s {0} " ' 猫 é ! ^ == @ a x 1 + = ★ 👩‍🔬 ../.. C:\x
"""
LITERAL = """[...document.querySelectorAll(
  '[data-testid=stMain] :is([data-testid=stCaptionContainer], h2, label)')
].map(e => e.textContent.trim().replace(/\\s+/g, ' '))"""
MARKED_UP = """[...document.querySelectorAll(
  `[data-testid=stMain] :is([data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]) :is(p, h2) *`
)].filter(e => e.tagName !== 'SPAN' || e.matches('[role=img], [style], [class^=stMarkdown]'))
  .map(e => e.outerHTML.slice(0, 200))"""


def texts(n: int) -> list[str]:
    """Returns every piece alone, and so many random rows of pieces; always the same ones."""
    dice, pieces = random.Random(7), PIECES.split()
    rows = (dice.choices(pieces, k=dice.randint(2, 5)) for _ in range(n))
    return [*pieces, *(dice.choice(("", " ")).join(row) for row in rows)]


def test_whatever_is_typed_is_shown_letter_by_letter_and_nothing_is_fetched_for_it(tmp_path, page):
    typed = texts(80)
    file = tmp_path / "texts.json"
    file.write_text(json.dumps(typed), encoding="utf-8")
    server = Server(tmp_path, "tests/browser/literal_page.py", TL_TEXTS=str(file)).wait()
    elsewhere = []
    page.on("request", lambda asked: elsewhere.append(asked.url) if "//localhost" not in asked.url else None)
    try:
        page.goto(server.url)
        wait_for(page, "n => document.querySelectorAll('label p').length === n", len(typed))
        shown = page.evaluate(LITERAL)
        marked_up = page.evaluate(MARKED_UP)
    finally:
        server.stop()
    assert shown == [wanted for text in typed for wanted in (f"{text} · 80 px", text, text)]
    assert marked_up == []
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []
