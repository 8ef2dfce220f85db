"""Streamlit's own words on its upload and camera fields, which are English without this, in the visitor's language."""

import streamlit as st

from pages.ui.text import t

WORDS = ("upload_button", "camera_ask", "camera_take", "camera_clear")


def draw_field_words(limit: str, megabytes: int) -> None:
    """Hands page.css the words; the last to call it on a page decides.

    Args:
        limit: Key of the sentence that says what may be uploaded.
        megabytes: What one file may have at most.
    """
    said = {name: t(f"classify.{name}") for name in WORDS} | {"upload_limit": t(limit, megabytes=megabytes)}
    words = "; ".join(f'--tl-{name}: "{text}"' for name, text in said.items())
    st.html(f"<style>:root {{ {words} }}</style>")
