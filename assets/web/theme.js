// A switch between the light and the dark face, in the sidebar. Streamlit has one in its menu and no other way in: it is
// pressed there, unseen, and Streamlit remembers the choice.

const FRAMES = 30;  // that a menu may take to open

function isDark(node) {
  const paper = getComputedStyle(node).getPropertyValue('--st-background-color').trim();
  return parseInt(paper.slice(1, 3), 16) < 128;
}

const menu = () => document.querySelector('[data-testid="stMainMenuButton"]');

function choose(name, frames = FRAMES) {
  const items = [...document.querySelectorAll('[data-testid="stThemeSwitcher"] [role="menuitemradio"]')];
  const item = items.find((one) => one.dataset.testid.toLowerCase().includes(name));
  if (item) item.click();
  else if (frames) return void requestAnimationFrame(() => choose(name, frames - 1));
  if (items.length) menu()?.click();
  requestAnimationFrame(() => document.body.classList.remove('tl-unseen-menu'));
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector('.tl-theme');
  const dark = isDark(button);
  button.textContent = dark ? '☀' : '☾';
  button.title = dark ? data.light : data.dark;
  button.setAttribute('aria-label', button.title);
  button.onclick = () => {
    document.body.classList.add('tl-unseen-menu');
    menu()?.click();
    choose(dark ? 'light' : 'dark');
  };
}
