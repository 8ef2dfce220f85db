"""A chart that stays: one node in the page for as long as the page lives, redrawn in place.

`st.plotly_chart` is mounted anew whenever its data change, which loses the zoom and flickers. This component keeps its
node and gives each new figure to `Plotly.react`. Plotly's own script is not in the messages: the browser fetches it
once from the route `/assets/plotly-basic.min.js` of this server. Until it is there, the chart is an empty box.
Figures bring no text and no background colour; the page's theme fills those in, again whenever the theme changes.
"""

import plotly.graph_objects as go
import streamlit as st

PLOTLY_VERSION = "4.1.1"  # of assets/web/plotly-basic.min.js; a part of its address, so that browsers may keep it

_HTML = '<div class="tl-live" role="img"></div>'

_CSS = ".tl-live { width: 100%; overflow: hidden; }"

# Streamlit calls the default function at the first mount, with each new `data`, and when the theme changes; what it
# returns is called when the node is taken away, but also when a call was overtaken by the next: hence `isConnected`.
_JS = """
let library;

function plotly(version) {
  const streamlit = document.querySelector('script[src*="/static/js/"]');
  const root = streamlit ? new URL('../../', streamlit.src) : new URL('/', location.href);
  library ??= import(new URL(`assets/plotly-basic.min.js?v=${version}`, root)).then(() => window.Plotly);
  return library.catch(() => { library = undefined; });
}

function themed(layout, node, height) {
  const css = getComputedStyle(node);
  const read = (name) => css.getPropertyValue(name).trim();
  const [text, line, paper] = ['--st-text-color', '--st-border-color', '--st-background-color'].map(read);
  const font = { ...layout.font, color: text, family: read('--st-font') };
  const label = { bgcolor: paper, bordercolor: line, font, ...layout.hoverlabel };
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
  const axes = Object.fromEntries(
    Object.keys(layout).filter((key) => /^[xy]axis/.test(key)).map((key) => [key, { ...axis, ...layout[key] }]));
  const finger = matchMedia('(pointer: coarse)').matches ? { dragmode: false } : {};  // a finger scrolls the page
  return { ...layout, ...axes, ...finger, font, hoverlabel: label, plot_bgcolor: paper, height, autosize: true };
}

export default async function ({ data, parentElement }) {
  const node = parentElement.querySelector('.tl-live');
  node.style.height = `${data.height}px`;
  node.setAttribute('aria-label', data.label);
  node.latest = data;
  const leave = () => node.isConnected || (node.resizing?.disconnect(), window.Plotly?.purge(node));
  const Plotly = await plotly(data.version);
  if (!Plotly || !node.isConnected || node.latest !== data) return leave;
  const figure = JSON.parse(data.figure);
  const layout = { ...themed(figure.layout, node, data.height), uirevision: data.revision };
  await Plotly.react(node, figure.data, layout, { displayModeBar: false, doubleClick: 'reset' });
  node.resizing ??= new ResizeObserver(() => node.offsetWidth && Plotly.Plots.resize(node));
  node.resizing.observe(node);
  return leave;
}
"""

_FIGURE = st.components.v2.component("live_figure", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)


def live_figure(figure: go.Figure, *, key: str, height: int, revision: str, label: str) -> None:
    """Draws a figure in the place that `key` names, or redraws the one that is there.

    Args:
        figure: From one of `tl_core.charts`; only scatter and bar traces, which the small Plotly bundle knows.
        key: Names the chart among all of the page.
        height: Of the chart, in pixels; its width is that of its container.
        revision: Zoom, and which curves the legend hides, are kept while this stays the same.
        label: What the chart shows, in a sentence, for those who cannot see it.

    Thread:
        Script thread.
    """
    data = {
        "figure": figure.to_json(validate=False, remove_uids=False),
        "height": height,
        "revision": revision,
        "label": label,
        "version": PLOTLY_VERSION,
    }
    _FIGURE(data=data, key=key, height=height)
