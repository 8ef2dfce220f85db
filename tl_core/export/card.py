"""The model card: what a network is, what it was made of, how good it is, and what it must not be used for.

Told from the record alone, without Keras. The same content twice: Markdown for a repository, HTML for people.

References:
    Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from pathlib import Path

from tl_core.export.archive import write_zip
from tl_core.export.card_content import content
from tl_core.export.card_forms import as_html, as_markdown
from tl_core.export.formats import Exported, Parity, Source


def write(source: Source, target: Path) -> Exported:
    """Writes the ZIP with the card in both forms.

    Raises:
        StoreError: A refusal of the disk.
    """
    write_zip(target, card_files(source).items())
    return Exported(target, "card")


def card_files(source: Source, parity: Parity | None = None) -> dict[str, bytes]:
    """Returns the card: file name → content.

    Args:
        source: The run, and the language to say it in.
        parity: Of the file beside which the card lies; None where there is none.
    """
    card = content(source, parity)
    forms = {"card.md": as_markdown(card), "card.html": as_html(card, source.language)}
    return {name: text.encode() for name, text in forms.items()}
