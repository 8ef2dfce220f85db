"""The two forms of a model card. Every text is escaped here: names are strangers', who may type anything."""

import html
import re

from tl_core.export.card_figure import svg
from tl_core.export.card_parts import Card, Curves, Paragraph, Part, Points, Section, Table

_MARKS = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))|^(?=[-+#=])|(?=[\\`*_\[\]|~$])")
_JOINTS = re.compile(r"(?<=:)(?=/)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)  # of what is made a link though it is escaped
_JOINER = "\N{WORD JOINER}"

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin-bottom:.2rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid #8884}
th,td{vertical-align:top;overflow-wrap:anywhere}
thead th{white-space:nowrap}tbody th{font-weight:600;min-width:8rem}figure{margin:1rem 0}svg{max-width:100%;height:auto}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_markdown(card: Card) -> str:
    """Returns the card as GitHub-flavoured Markdown; the curves are its table of epochs."""
    blocks = [f"# {_md(card.title)}", _md(card.about)]
    for section in card.sections:
        blocks += [f"## {_md(section.title)}", *filter(None, map(_md_part, section.parts))]
    return "\n\n".join(blocks) + "\n"


def _md_part(part: Part) -> str:
    match part:
        case Paragraph(text):
            return _md(text)
        case Points(texts):
            return "\n".join(f"- {_md(text)}" for text in texts)
        case Table(rows, head):
            head = head or ("", "")
            lines = [head, ("---",) * len(head), *rows]
            marked = [[cell if number == 1 else _md(cell) for cell in line] for number, line in enumerate(lines)]
            return "\n".join(f"| {' | '.join(cells)} |" for cells in marked)
        case Curves():
            return ""


def _md(text: str) -> str:
    """Returns text that Markdown shows as it is."""
    joined = _JOINTS.sub(_JOINER, " ".join(text.split()))
    return _MARKS.sub(r"\g<1>\\", html.escape(joined, quote=False))


def as_html(card: Card, language: str) -> str:
    """Returns the card as one HTML file that loads nothing and runs nothing."""
    body = "\n".join(map(_html_section, card.sections))
    title = html.escape(card.title)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n"
        f"<body>\n<h1>{title}</h1>\n<p>{html.escape(card.about)}</p>\n{body}\n</body>\n</html>\n"
    )


def _html_section(section: Section) -> str:
    return "\n".join([f"<h2>{html.escape(section.title)}</h2>", *map(_html_part, section.parts)])


def _html_part(part: Part) -> str:
    match part:
        case Paragraph(text):
            return f"<p>{html.escape(text)}</p>"
        case Points(texts):
            return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"
        case Table(rows, head):
            top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
            lines = "".join(map(_html_row, rows))
            above = f"<thead><tr>{top}</tr></thead>" if head else ""
            return f'<div class="wide"><table>{above}<tbody>{lines}</tbody></table></div>'
        case Curves():
            return f"<figure>{svg(part)}</figure>"


def _html_row(row: tuple[str, ...]) -> str:
    name, *cells = map(html.escape, row)
    return f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
