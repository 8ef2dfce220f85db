// Has the browser fetch the cookie that says who the instructor is: no script can read it, and a ticket works once.

export default function ({ data }) {
  if (window.transferLabTicket === data.ticket) return;
  window.transferLabTicket = data.ticket;
  const streamlit = document.querySelector('script[src*="/static/js/"]');
  const root = streamlit ? new URL('../../', streamlit.src) : new URL('/', location.href);
  fetch(new URL('admission', root), { method: 'POST', headers: { 'X-Ticket': data.ticket } });
}
