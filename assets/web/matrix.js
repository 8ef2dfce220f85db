// A confusion matrix: a table whose filled cells are buttons, one of them reached by Tab and the others by arrow keys.
// Every text goes in as text, never as markup: classes are called what people typed.

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function heading(scope, name) {
  const cell = document.createElement('th'), text = document.createElement('span');
  cell.scope = scope;
  text.textContent = cell.title = name;
  cell.append(text);
  return cell;
}

function filled(cell, table) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = cell.text;
  button.title = cell.about;
  button.setAttribute('aria-label', cell.about);
  button.style.background = cell.fill;
  button.place = [cell.row, cell.column];
  button.onclick = () => { mark(table, button); table.tell(button.place); };
  return button;
}

function mark(table, chosen) {
  for (const button of table.querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button === chosen));
    button.tabIndex = button === chosen ? 0 : -1;
  }
}

// The next filled cell in a direction, past empty ones.
function next(buttons, [row, column], [down, right], size) {
  for (let at = 1; at < size; at += 1) {
    const found = buttons.get(`${row + down * at}/${column + right * at}`);
    if (found) return found;
  }
  return undefined;
}

function build(table, data) {
  const head = document.createElement('tr'), corner = document.createElement('td');
  corner.textContent = data.corner;
  head.append(corner, ...data.names.map((name) => heading('col', name)));
  const buttons = new Map(data.cells.map((cell) => [`${cell.row}/${cell.column}`, filled(cell, table)]));
  const rows = data.names.map((name, row) => {
    const line = document.createElement('tr');
    line.append(heading('row', name), ...data.names.map((_, column) => {
      const cell = document.createElement('td'), button = buttons.get(`${row}/${column}`);
      if (row === column) cell.className = 'right';
      if (button) cell.append(button);
      return cell;
    }));
    return line;
  });
  table.replaceChildren(head, ...rows);
  table.onkeydown = (event) => {
    const step = STEPS[event.key], from = event.target.place;
    const found = step && from && next(buttons, from, step, data.names.length);
    if (step && from) event.preventDefault();
    if (!found) return;
    event.target.tabIndex = -1;
    found.tabIndex = 0;
    found.focus();
  };
  mark(table, buttons.get(table.chosen?.join('/')) ?? buttons.get(data.chosen?.join('/')));
}

export default function ({ data, parentElement, setStateValue }) {
  const table = parentElement.querySelector('table');
  table.tell = (place) => { table.chosen = place; setStateValue('chosen', place); };
  if (table.shown === data.token) return;
  table.shown = data.token;
  table.setAttribute('aria-label', data.label);
  build(table, data);
}
