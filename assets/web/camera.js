// A camera that takes pictures as long as its button is held; they are sent together when it is let go.

const EVERY_MS = 300, LONGEST_PX = 640, QUALITY = 0.9;

async function open(camera, words) {
  camera.said.textContent = words.ask;
  try {
    const wanted = { facingMode: 'environment', width: { ideal: 1280 } };
    camera.stream = await navigator.mediaDevices.getUserMedia({ video: wanted });  // no mediaDevices without https
  } catch {
    camera.said.textContent = words[window.isSecureContext ? 'none' : 'insecure'];
    return;
  }
  if (!camera.video.isConnected) return close(camera);
  camera.video.srcObject = camera.stream;
  camera.said.textContent = '';
  camera.button.disabled = false;
}

function close(camera) {
  clearInterval(camera.timer);
  camera.stream?.getTracks().forEach((track) => track.stop());
}

function photo(video) {
  const share = Math.min(1, LONGEST_PX / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth * share, video.videoHeight * share].map(Math.round);
  canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', QUALITY);
}

function take(camera) {
  if (camera.video.readyState < 2) return;
  camera.photos.push(photo(camera.video));
  camera.said.textContent = String(camera.photos.length);
  if (camera.photos.length >= camera.most) end(camera);
}

function begin(camera) {
  if (camera.timer || camera.button.disabled) return;
  camera.photos = [];
  camera.timer = setInterval(take, EVERY_MS, camera);
  take(camera);
}

function end(camera) {
  if (!camera.timer) return;
  clearInterval(camera.timer);
  camera.timer = undefined;
  if (camera.photos.length) camera.send('photos', camera.photos);
}

function listen(camera) {
  const { button } = camera, isKey = (event) => event.key === ' ' || event.key === 'Enter';
  button.addEventListener('pointerdown', (event) => { button.setPointerCapture(event.pointerId); begin(camera); });
  for (const kind of ['pointerup', 'pointercancel', 'blur']) button.addEventListener(kind, () => end(camera));
  button.addEventListener('keydown', (event) => { if (isKey(event)) { event.preventDefault(); begin(camera); } });
  button.addEventListener('keyup', (event) => isKey(event) && end(camera));
  button.addEventListener('contextmenu', (event) => event.preventDefault());  // a long touch opens none
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.tl-camera');
  const [video, button, said] = root.children;
  const camera = (root.camera ??= { video, button, said });
  Object.assign(camera, { send: setTriggerValue, most: data.most });
  button.textContent = data.words.take;
  video.setAttribute('aria-label', data.words.view);
  if (!camera.isOpen) {
    camera.isOpen = true;
    button.disabled = true;
    listen(camera);
    open(camera, data.words);
  }
  return () => root.isConnected || close(camera);
}
