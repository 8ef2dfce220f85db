// The strip of blocks as buttons: a click, or arrow keys and Enter, freezes a block or lets it be trained.
// One of them is reached by Tab, the others by arrow keys. Nodes stay while their blocks do, and with them the focus.
// Every text goes in as text, never as markup.

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

function piece(segment, strip) {
  const node = document.createElement(segment.number ? 'button' : 'div'), name = document.createElement('span');
  name.textContent = segment.name;
  node.append(name);
  if (!segment.number) return node;
  node.type = 'button';
  node.tabIndex = -1;
  node.onclick = () => {
    reach(strip, node);
    if (node.getAttribute('aria-disabled') === 'false') strip.tell(segment.number);
  };
  return node;
}

function reach(strip, chosen) {
  for (const button of strip.querySelectorAll('button')) button.tabIndex = button === chosen ? 0 : -1;
}

function paint(node, segment, isOpen) {
  node.dataset.role = segment.role;
  node.title = segment.about;
  node.style.left = `${segment.start * 100}%`;
  node.style.width = `${segment.width * 100}%`;
  if (!segment.number) return;
  node.setAttribute('aria-label', segment.about);
  node.setAttribute('aria-pressed', String(segment.role === 'frozen'));
  node.setAttribute('aria-disabled', String(!isOpen));
}

function hideLongNames(strip) {
  for (const name of strip.querySelectorAll('span')) {
    name.style.visibility = name.offsetWidth > name.parentNode.clientWidth ? 'hidden' : '';
  }
}

function legend(list, words) {
  list.replaceChildren(...words.map(({ role, word }) => {
    const item = document.createElement('li'), sign = document.createElement('i');
    sign.dataset.role = role;
    item.append(sign, word);
    return item;
  }));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const map = parentElement.querySelector('.tl-map'), strip = map.querySelector('.tl-blocks');
  strip.tell = (number) => setTriggerValue('toggled', number);
  const names = JSON.stringify(data.segments.map(({ name, number }) => [name, number]));
  if (strip.names !== names) {
    strip.names = names;
    strip.replaceChildren(...data.segments.map((segment) => piece(segment, strip)));
    reach(strip, strip.querySelector('button'));
  }
  strip.setAttribute('role', data.is_open ? 'toolbar' : 'group');
  strip.setAttribute('aria-label', data.label);
  map.dataset.open = String(data.is_open);
  for (const [role, colour] of Object.entries(data.colours)) map.style.setProperty(`--${role}`, colour);
  data.segments.forEach((segment, at) => paint(strip.children[at], segment, data.is_open));
  const cut = map.querySelector('.tl-cut');
  cut.textContent = `${data.cut_word} \u25bc`;
  cut.style.left = `${data.cut * 100}%`;
  cut.dataset.side = data.cut < 0.2 ? 'start' : data.cut > 0.8 ? 'end' : 'middle';
  map.querySelector('hr').style.left = `${data.cut * 100}%`;
  legend(map.querySelector('ul'), data.legend);
  strip.onkeydown = (event) => {
    const buttons = [...strip.querySelectorAll('button')], at = buttons.indexOf(event.target);
    const ends = { Home: 0, End: buttons.length - 1 };
    const to = ends[event.key] ?? (event.key in STEPS ? at + STEPS[event.key] : undefined);
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons[Math.min(Math.max(to, 0), buttons.length - 1)];
    reach(strip, next);
    next.focus();
  };
  strip.watch ??= new ResizeObserver(() => hideLongNames(strip));
  strip.watch.observe(strip);
  hideLongNames(strip);
}
