// An empty chart on which one draws the curve that one expects: a point over each level, by pointer or by arrow keys.
//
// A stroke sets every level that it passes. Nothing is told before a stroke or a key has ended.

const NS = 'http://www.w3.org/2000/svg', HEIGHT = 280, LEFT = 46, RIGHT = 16, TOP = 12, BOTTOM = 62;

function make(name, attributes = {}, text = '') {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}

function draw(box) {
  const { data, values } = box, width = box.clientWidth || 300;
  const x = (at) => LEFT + 14 + data.places[at] * (width - LEFT - RIGHT - 28);
  const y = (value) => TOP + (1 - value) * (HEIGHT - TOP - BOTTOM);
  const svg = make('svg', { width, height: HEIGHT });
  for (let share = 0; share <= 4; share += 1) {
    svg.append(make('line', { x1: LEFT, x2: width - RIGHT, y1: y(share / 4), y2: y(share / 4), class: 'grid' }));
    svg.append(make('text', { x: LEFT - 6, y: y(share / 4) + 4, 'text-anchor': 'end' }, `${25 * share}%`));
  }
  const isTight = data.levels.join('').length > width / 9;
  data.levels.forEach((level, at) => svg.append(make('text', isTight
    ? { x: x(at), y: HEIGHT - BOTTOM + 14, 'text-anchor': 'end', transform: `rotate(-50 ${x(at)} ${HEIGHT - BOTTOM + 14})` }
    : { x: x(at), y: HEIGHT - BOTTOM + 18, 'text-anchor': 'middle' }, level)));
  const set = values.map((value, at) => [value, at]).filter(([value]) => value !== null);
  svg.append(make('polyline', { points: set.map(([value, at]) => `${x(at)},${y(value)}`).join(' ') }));
  values.forEach((value, at) => {
    const point = make('circle', {
      cx: x(at), cy: y(value ?? 0.5), r: 7, tabindex: 0, role: 'slider', class: value === null ? 'open' : '',
      'aria-label': data.levels[at], 'aria-orientation': 'vertical', 'aria-valuemin': 0, 'aria-valuemax': 100,
      'aria-valuenow': Math.round(100 * (value ?? 0.5)),
      'aria-valuetext': value === null ? data.words.unset : `${Math.round(100 * value)}%`,
    });
    point.addEventListener('keydown', (event) => press(box, at, event));
    svg.append(point);
  });
  const focused = [...box.querySelectorAll('circle')].indexOf(document.activeElement);
  box.querySelector('svg')?.remove();
  box.append(svg);
  if (focused >= 0) svg.querySelectorAll('circle')[focused]?.focus({ preventScroll: true });
  box.touch = (event) => {
    const frame = svg.getBoundingClientRect(), place = event.clientX - frame.left;
    const distance = (at) => Math.abs(x(at) - place);
    const nearest = values.map((_, at) => at).reduce((best, at) => (distance(at) < distance(best) ? at : best), 0);
    const share = 1 - (event.clientY - frame.top - TOP) / (HEIGHT - TOP - BOTTOM);
    values[nearest] = Math.round(100 * Math.min(1, Math.max(0, share))) / 100;
    draw(box);
  };
}

function press(box, at, event) {
  const steps = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 };
  const ways = { ArrowLeft: -1, ArrowRight: 1 }, points = box.querySelectorAll('circle');
  if (event.key in ways) points[at + ways[event.key]]?.focus();
  else if (event.key in steps) {
    const before = box.values[at] ?? 0.5;
    box.values[at] = Math.round(100 * Math.min(1, Math.max(0, before + steps[event.key]))) / 100;
    draw(box);
    clearTimeout(box.telling);
    box.telling = setTimeout(() => box.tell(), 400);  // a key that is held down is one change
  } else return;
  event.preventDefault();
}

export default function ({ data, parentElement, setStateValue }) {
  const box = parentElement.querySelector('.tl-sketch');
  box.setAttribute('aria-label', data.words.label);
  if (box.shown !== data.token) [box.shown, box.values] = [data.token, [...data.values]];
  box.data = data;
  box.tell = () => setStateValue('drawn', { token: data.token, values: box.values });
  if (!box.isReady) {
    box.isReady = true;
    box.addEventListener('pointerdown', (event) => {
      box.setPointerCapture(event.pointerId);
      box.isDrawing = true;
      box.touch(event);
    });
    box.addEventListener('pointermove', (event) => box.isDrawing && box.touch(event));
    for (const end of ['pointerup', 'pointercancel']) {
      box.addEventListener(end, () => { if (box.isDrawing) box.tell(); box.isDrawing = false; });
    }
    new ResizeObserver(() => box.clientWidth !== box.drawnAt && (box.drawnAt = box.clientWidth, draw(box))).observe(box);
  }
  draw(box);
}
