// A chart that stays in its node; each new figure is given to `Plotly.react`.
//
// Streamlit calls the default function at the first mount, with each new `data`, and when the theme changes; what it
// returns is called when the node is taken away, but also when a call was overtaken by the next: hence `isConnected`.

let library;

function root() {
  const streamlit = document.querySelector('script[src*="/static/js/"]');
  return streamlit ? new URL('../../', streamlit.src) : new URL('/', location.href);
}

function plotly(version) {
  library ??= import(new URL(`assets/plotly-basic.min.js?v=${version}`, root())).then(() => window.Plotly);
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

// What a replay has revealed after so many milliseconds: of the runs that it names, the points up to a moving place.
function revealed(figure, replay, passed_ms) {
  const isNamed = (trace) => replay.runs.some((run) => trace.uid?.startsWith(run));
  const places = figure.data.filter(isNamed).flatMap((trace) => trace.x);
  const end = Math.max(0, ...places), place = (passed_ms / 1000 / replay.seconds) * end;
  const last = Math.max(0, ...figure.data.flatMap((trace) => trace.x));
  const cut = (trace) => {
    const kept = trace.x.map((x, at) => at).filter((at) => trace.x[at] === null || trace.x[at] <= place);
    if (!kept.length) return { ...trace, x: [null], y: [null] };  // keeps its name in the legend
    return { ...trace, x: kept.map((at) => trace.x[at]), y: kept.map((at) => trace.y[at]) };
  };
  const held = { ...figure.layout.xaxis, range: [0, last * 1.03] };  // the axis stands still while points appear
  const layout = { ...figure.layout, xaxis: held };
  return { data: figure.data.map((trace) => (isNamed(trace) ? cut(trace) : trace)), layout };
}

function passed(node) {
  const replay = node.latest.replay;
  if (!replay || matchMedia('(prefers-reduced-motion: reduce)').matches) return Infinity;
  if (node.replayed !== replay.token) [node.replayed, node.began] = [replay.token, performance.now()];
  return performance.now() - node.began;
}

async function draw(Plotly, node) {
  const data = node.latest, figure = JSON.parse(data.figure);
  const passed_ms = passed(node), is_over = passed_ms >= (data.replay?.seconds ?? 0) * 1000;
  const shown = is_over ? figure : revealed(figure, data.replay, passed_ms);
  const revision = is_over ? data.revision : `${data.revision}-replay`;
  const layout = { ...themed(shown.layout, node, data.height), uirevision: revision };
  await Plotly.react(node, shown.data, layout, { displayModeBar: false, doubleClick: 'reset' });
  if (is_over || node.isPlaying) return;
  node.isPlaying = true;
  setTimeout(() => { node.isPlaying = false; if (node.isConnected) draw(Plotly, node); }, 60);
}

// The picture of a point that is pointed at: one of many in a single file, so that no message carries them.
function glimpse(node, id) {
  const { sprite } = node.latest, at = sprite ? sprite.ids.indexOf(id) : -1;
  node.querySelector('.tl-glimpse')?.remove();
  return at < 0 ? null : Object.assign(document.createElement('div'), { className: 'tl-glimpse', place: at, sprite });
}

function showGlimpse(node, event) {
  const point = event.points[0], shown = glimpse(node, point.id);
  if (!shown) return;
  const { side, columns, address } = shown.sprite, { place } = shown;
  const place_px = (axis, value) => axis._offset + axis.l2p(value);
  const x = place_px(point.xaxis, point.x), y = place_px(point.yaxis, point.y);
  const isHigh = y < node.offsetHeight / 2;
  Object.assign(shown.style, {
    width: `${side}px`,
    height: `${side}px`,
    left: `${Math.max(2, Math.min(x - side / 2, node.offsetWidth - side - 2))}px`,
    top: `${isHigh ? y + 22 : y - side - 22}px`,  // beyond the words, which stand beside the point
    backgroundImage: `url("${new URL(address.replace(/^\//, ''), root())}")`,
    backgroundPosition: `${-side * (place % columns)}px ${-side * Math.floor(place / columns)}px`,
  });
  node.append(shown);
}

// What is drawn as a file, on paper of the page's colour: made in the browser, sent nowhere.
function savePicture(Plotly, node, format) {
  const font = { ...node.layout.font, family: 'sans-serif' };  // the page's own is not in the file
  const layout = { ...node.layout, font, paper_bgcolor: node.layout.plot_bgcolor };
  const size = { width: node.offsetWidth, height: node.offsetHeight, scale: format === 'png' ? 2 : 1 };
  return Plotly.downloadImage({ data: node.data, layout }, { format, filename: node.latest.save.name, ...size });
}

function showSaving(Plotly, node) {
  const { save } = node.latest;
  node.saving ??= save && Object.fromEntries(['png', 'svg'].map((format) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: format.toUpperCase() });
    button.addEventListener('click', () => savePicture(Plotly, node, format));
    return [format, button];
  }));
  if (!save) return;
  const bar = node.nextElementSibling ?? Object.assign(document.createElement('div'), { className: 'tl-save' });
  if (!bar.isConnected) node.after(bar);
  for (const [format, button] of Object.entries(node.saving)) {
    if (!button.isConnected) bar.append(button);
    button.setAttribute('aria-label', save[format]);
    button.title = save[format];
  }
}

export default async function ({ data, parentElement, setTriggerValue }) {
  const node = parentElement.querySelector('.tl-live');
  node.style.height = `${data.height}px`;
  node.setAttribute('role', 'img');
  node.setAttribute('aria-label', data.label);
  node.latest = data;
  const leave = () => node.isConnected || (node.resizing?.disconnect(), window.Plotly?.purge(node));
  const Plotly = await plotly(data.version);
  if (!Plotly || !node.isConnected || node.latest !== data) return leave;
  await draw(Plotly, node);
  showSaving(Plotly, node);
  node.open = (pressed) => pressed.points[0]?.id && setTriggerValue('pressed', pressed.points[0].id);
  if (data.can_press && !node.opens) node.opens = node.on('plotly_click', (pressed) => node.open(pressed)) ?? true;
  if (data.sprite && !node.glimpses) {
    node.glimpses = true;
    node.on('plotly_hover', (event) => showGlimpse(node, event));
    node.on('plotly_unhover', () => glimpse(node, null));
  }
  node.resizing ??= new ResizeObserver(() => node.offsetWidth && Plotly.Plots.resize(node));
  node.resizing.observe(node);
  return leave;
}
