// Pictures that can be marked. Every text goes in as text, never as markup: names are what people typed.

export default function ({ data, parentElement, setStateValue }) {
  const grid = parentElement.querySelector('.tl-gallery');
  grid.setAttribute('aria-label', data.label);
  if (grid.shown !== data.token) {
    grid.shown = data.token;
    grid.marked ??= new Set(data.marked);
    grid.replaceChildren(...data.tiles.map((tile) => {
      const button = document.createElement('button');
      const image = document.createElement('img');
      button.type = 'button';
      button.disabled = !data.can_mark;
      button.title = tile.about;
      button.setAttribute('aria-pressed', String(grid.marked.has(tile.place)));
      image.src = tile.address;
      image.alt = tile.about;
      image.loading = 'lazy';
      if (tile.is_tiny) image.className = 'tiny';
      button.append(image);
      if (tile.badge) {
        const badge = document.createElement('small');
        badge.textContent = tile.badge;
        button.append(badge);
      }
      button.onclick = () => {
        const { marked } = grid, wasMarked = marked.has(tile.place);
        if (data.is_single) marked.clear();
        if (wasMarked && !data.is_single) marked.delete(tile.place);
        else marked.add(tile.place);
        for (const [at, one] of [...grid.children].entries())
          one.setAttribute('aria-pressed', String(marked.has(data.tiles[at].place)));
        grid.tell([...marked]);
      };
      return button;
    }));
  }
  grid.tell = (marked) => setStateValue('marked', marked);
}
