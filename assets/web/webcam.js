// What the camera sees, judged again and again: the next picture goes out once the last one was answered, so that
// pictures are left out and never queue.

const LONGEST_PX = 320, QUALITY = 0.8, PATIENCE_MS = 8000, KEPT = 8;

async function open(webcam) {
  const { words, said } = webcam;
  said.textContent = words.ask;
  try {
    const wanted = { facingMode: 'environment', width: { ideal: 640 } };
    webcam.stream = await navigator.mediaDevices.getUserMedia({ video: wanted });  // no mediaDevices without https
  } catch {
    said.textContent = words[window.isSecureContext ? 'none' : 'insecure'];
    return;
  }
  if (!webcam.video.isConnected) return close(webcam);
  webcam.video.srcObject = webcam.stream;
  said.textContent = '';
  webcam.times = [];
  label(webcam);
  send(webcam);
}

function close(webcam) {
  clearTimeout(webcam.timer);
  webcam.stream?.getTracks().forEach((track) => track.stop());
  webcam.stream = undefined;
  webcam.video.srcObject = null;
  label(webcam);
}

function label(webcam) {
  webcam.button.textContent = webcam.words[webcam.stream ? 'stop' : 'start'];
}

function photo(video) {
  const share = Math.min(1, LONGEST_PX / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth * share, video.videoHeight * share].map(Math.round);
  canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', QUALITY);
}

function send(webcam) {
  clearTimeout(webcam.timer);
  if (!webcam.stream) return;
  if (webcam.video.readyState < 2) { webcam.timer = setTimeout(send, 50, webcam); return; }
  webcam.number += 1;
  webcam.send('frame', { number: webcam.number, photo: photo(webcam.video) });
  webcam.timer = setTimeout(send, PATIENCE_MS, webcam);  // an answer that got lost holds nothing up
}

function element(kind, text, name) {
  const made = document.createElement(kind);
  made.textContent = text ?? '';
  if (name) made.className = name;
  return made;
}

function row({ name, share, text }) {
  const made = element('li'), bar = element('i');
  bar.style.width = `${share * 100}%`;
  made.append(element('span', name), element('b', text), bar);
  return made;
}

function draw(webcam, answers) {
  webcam.list.replaceChildren(...answers.map(({ run, role, classes, error }) => {
    const made = element('section', '', role), list = element('ol');
    list.append(...classes.map(row));
    made.append(element('h4', run), error ? element('p', error) : list);
    return made;
  }));
}

function take(webcam, data) {
  if (data.answered !== webcam.number || data.answered === webcam.taken) return;
  webcam.taken = data.answered;
  if (!webcam.stream) return;
  draw(webcam, data.answers);
  webcam.times = [...webcam.times, performance.now()].slice(-KEPT);
  const { times } = webcam, seconds = (times.at(-1) - times[0]) / 1000;
  webcam.said.textContent = seconds ? data.words.pace.replace('{n}', ((times.length - 1) / seconds).toFixed(1)) : '';
  clearTimeout(webcam.timer);
  webcam.timer = setTimeout(send, data.pause_ms, webcam);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.tl-webcam');
  const [video, button, said, list] = root.children;
  const webcam = (root.webcam ??= { video, button, said, list, number: Math.floor(Math.random() * 1e9), times: [] });
  Object.assign(webcam, { send: setTriggerValue, words: data.words });
  video.setAttribute('aria-label', data.words.view);
  if (!webcam.isReady) {
    webcam.isReady = true;
    button.addEventListener('click', () => (webcam.stream ? close(webcam) : open(webcam)));
    document.addEventListener('visibilitychange', () => document.hidden && webcam.stream && close(webcam));
  }
  label(webcam);
  take(webcam, data);
  return () => root.isConnected || close(webcam);
}
