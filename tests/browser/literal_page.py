"""A page that shows the texts of a file, each as it would show a run's name: in a caption, a heading, and a label."""

import json
import os
from pathlib import Path

import streamlit as st

from pages.ui.text import literal

for number, text in enumerate(json.loads(Path(os.environ["TL_TEXTS"]).read_text(encoding="utf-8"))):
    st.caption(f"{literal(text)} · 80 px")
    st.header(literal(text), anchor=False)
    st.checkbox(literal(text), key=f"label-{number}")
