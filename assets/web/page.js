// What no setting of Streamlit's can say: the page's language, what screen readers are told, the way to a new run, and what
// the instructor says to all pages at once.

const MOST_OFTEN_MS = 10_000;  // so often the line that is read out may change
const ASK_MS = 5_000;  // so often a page that is looked at asks whether the instructor says something

function makeLine(id) {
  const line = Object.assign(document.createElement('div'), { id });
  line.setAttribute('role', 'status');
  document.body.append(line);
  return line;
}

function mend(lab) {
  for (const zone of document.querySelectorAll('[data-testid="stFileUploaderDropzone"][role="presentation"]'))
    zone.setAttribute('role', 'group');  // it has a name of its own
  const scrolled = ':is([data-testid="stPopoverBody"], [data-testid="stCode"] pre):not([tabindex])';
  for (const region of document.querySelectorAll(scrolled))
    region.tabIndex = 0;  // what scrolls can be scrolled with keys
  const text = document.querySelector('[data-testid="stProgress"]')?.textContent.trim() ?? '';
  if (text === lab.said || (text && performance.now() - lab.saidAt < MOST_OFTEN_MS)) return;
  [lab.said, lab.saidAt, lab.line.textContent] = [text, performance.now(), text];
}

// What the instructor says is text, never markup; a question that fails changes nothing.
async function ask(lab) {
  if (document.visibilityState !== 'visible') return;
  const streamlit = document.querySelector('script[src*="/static/js/"]');
  const root = streamlit ? new URL('../../', streamlit.src) : new URL('/', location.href);
  try {
    const answer = await fetch(new URL('announcement', root), { cache: 'no-store', signal: AbortSignal.timeout(ASK_MS) });
    const told = answer.ok ? await answer.json() : null;
    if (!told || told.id === lab.announced) return;
    lab.announced = told.id;
    lab.banner.textContent = told.text ?? '';
    document.body.style.setProperty('--tl-announced', `${lab.banner.offsetHeight}px`);  // the page moves down by so much
  } catch { /* the server is away for a moment, or the page is being left */ }
}

function begin() {
  const lab = { line: makeLine('tl-status'), said: '', saidAt: -MOST_OFTEN_MS, asked: null };
  lab.banner = makeLine('tl-announcement');
  setInterval(ask, ASK_MS, lab);
  document.addEventListener('visibilitychange', () => ask(lab));
  ask(lab);
  new MutationObserver(() => {
    lab.waiting ??= setTimeout(() => { lab.waiting = undefined; mend(lab); }, 300);
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  return lab;
}

// Where the results stand below the choices, a run that was just asked for is brought into view.
function goTo(selector, tries = 25) {
  const place = document.querySelector(selector);
  if (place) place.scrollIntoView({ block: 'start', behavior: 'smooth' });
  else if (tries) setTimeout(goTo, 200, selector, tries - 1);
}

export default function ({ data }) {
  const lab = (window.transferLab ??= begin());
  document.documentElement.lang = data.language;
  mend(lab);  // what was there before this script came
  if (data.asked && data.asked !== lab.asked && innerWidth <= 1100) goTo('.st-key-run-title');
  lab.asked = data.asked;
  if (data.step && lab.step && data.step !== lab.step)
    document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });  // the next step of a mission begins at its top
  lab.step = data.step;
}
