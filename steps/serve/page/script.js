// What the page of `flow serve` does, in the browser. The server sends this file as it is.

const most = { atOnce: 4, shown: 100, tries: 20, classes: 5 };
const maxBytes = Number(document.body.dataset.maxBytes);
const find = (id) => document.getElementById(id);

let token = "";
/** Pictures that wait, each with its place in the list. */
const waiting = [];
let underWay = 0;
let stream;

/** A new element with a class and text. Text is text: nothing of it is markup. */
function element(name, style, text) {
  const made = document.createElement(name);
  if (style) made.className = style;
  if (text !== undefined) made.textContent = text;
  return made;
}

function percent(value) {
  return `${(100 * value).toFixed(1)} %`;
}

function ask(path, options = {}) {
  const headers = token === "" ? options.headers : { ...options.headers, authorization: `Bearer ${token}` };
  return fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
}

function say(text) {
  find("said").textContent = text;
  find("said").hidden = text === "";
}

async function showModel() {
  const response = await ask("model").catch(() => undefined);
  if (response === undefined) return say("The server does not answer.");
  if (response.status === 401) return askForToken();
  if (!response.ok) return say((await response.json()).error);
  const { step, run, network, classes } = await response.json();
  find("token").hidden = true;
  find("zone").hidden = false;
  const names = classes.slice(0, 12).join(", ") + (classes.length > 12 ? " …" : "");
  const short = network.startsWith("sha256:") ? `a network of its own (${network.slice(7, 19)})` : network;
  find("facts").replaceChildren(
    element("b", "", step),
    ` of ${run}, on ${short}. ${classes.length} classes: `,
    element("bdi", "", names),
  );
}

function askForToken() {
  find("token-said").textContent = token === "" ? "" : "That is not it.";
  token = "";
  find("facts").textContent = "Whoever knows the token can ask.";
  find("zone").hidden = true;
  find("token").hidden = false;
  find("secret").focus();
}

/** Takes files of any kind: the server says what is no picture. */
function take(files) {
  say("");
  const taken = files.map((file) => ({ file, place: newPlace(file) }));
  show(taken.map(({ place }) => place));
  for (const { file, place } of taken) {
    if (file.size > maxBytes) showError(place, file, `it has more than ${maxBytes} bytes`);
    else waiting.push({ file, place });
  }
  goOn();
}

function newPlace(file) {
  const place = element("li", "busy");
  const frame = element("div", "frame");
  const picture = element("img");
  picture.alt = "";
  picture.src = URL.createObjectURL(file);
  // Browsers do not show all that the server reads.
  picture.onerror = () => frame.replaceChildren("no preview");
  frame.append(picture);
  const text = element("div", "text");
  text.append(element("h3", "", "Computing …"), nameOf(file));
  place.append(frame, text);
  return place;
}

/** Puts places before those of earlier files; the oldest go. */
function show(places) {
  const list = find("results");
  list.prepend(...places);
  find("outcome").hidden = false;
  while (list.children.length > most.shown) {
    const old = list.lastElementChild;
    const shown = old.querySelector("img");
    if (shown !== null) URL.revokeObjectURL(shown.src);
    old.remove();
  }
}

function nameOf(file) {
  const name = element("p", "file");
  name.append(element("bdi", "", file.name));
  return name;
}

function goOn() {
  while (underWay < most.atOnce && waiting.length > 0) {
    const next = waiting.shift();
    underWay++;
    predict(next.file, next.place)
      .catch((error) => showError(next.place, next.file, error.message))
      .finally(() => {
        underWay--;
        goOn();
      });
  }
}

async function predict(file, place) {
  for (let trial = 1; ; trial++) {
    const response = await ask("predict", {
      method: "POST",
      body: file,
      headers: { "content-type": "application/octet-stream" },
    }).catch(() => {
      throw new Error("the server does not answer");
    });
    if (response.status === 401) askForToken();
    if (response.status === 429 && trial < most.tries) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    const { predictions, error } = await response.json();
    const [found] = predictions ?? [{ error }];
    if (found.error !== undefined) return showError(place, file, found.error);
    return showClass(place, file, found);
  }
}

function showClass(place, file, { predicted, probabilities }) {
  const ranked = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  const title = element("h3");
  title.append(element("bdi", "", predicted));
  const bars = element("ul", "bars");
  for (const [name, value] of ranked.slice(0, most.classes)) {
    const row = element("li");
    const bar = element("span", "bar");
    const filled = element("i");
    filled.style.setProperty("--v", value);
    bar.append(filled);
    row.append(element("bdi", "", name), element("span", "", percent(value)), bar);
    bars.append(row);
  }
  const text = [title, nameOf(file), bars];
  const rest = ranked.length - most.classes;
  if (rest > 0) text.push(element("p", "file", `and ${rest} more`));
  settle(place, text);
  find("heard").textContent = `${file.name}: ${predicted}, ${percent(probabilities[predicted])}`;
}

function showError(place, file, reason) {
  settle(place, [element("h3", "wrong", "No answer"), nameOf(file), element("p", "", reason)]);
  find("heard").textContent = `${file.name}: ${reason}`;
}

function settle(place, text) {
  place.className = "";
  place.querySelector(".text").replaceChildren(...text);
}

async function openCamera() {
  say("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return say("The camera cannot be used: there is none, or the browser was told not to.");
  }
  const video = find("video");
  video.srcObject = stream;
  await video.play();
  find("camera").hidden = false;
  find("shoot").focus();
}

function closeCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  find("video").srcObject = null;
  find("camera").hidden = true;
  find("camera-open").focus();
}

function shoot() {
  const video = find("video");
  const canvas = element("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => take([new File([blob], "camera.jpg", { type: "image/jpeg" })]), "image/jpeg", 0.92);
}

find("token").addEventListener("submit", (event) => {
  event.preventDefault();
  token = find("secret").value;
  find("secret").value = "";
  showModel();
});
find("files").addEventListener("change", ({ target }) => {
  take([...target.files]);
  // The same file may be chosen again.
  target.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    find("zone").classList.add("over");
  });
}
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (relatedTarget === null) find("zone").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  find("zone").classList.remove("over");
  takeFrom(event.dataTransfer);
});
document.addEventListener("paste", (event) => {
  if (event.target === find("secret")) return;
  takeFrom(event.clipboardData);
});
/** What was dropped or pasted; a picture of another page comes as a link alone. */
function takeFrom(data) {
  if (find("zone").hidden) return;
  if (data.files.length > 0) take([...data.files]);
  else say("That is no picture but text or a link: save the picture, and choose the file.");
}
// A browser gives its camera to pages of this machine, and to encrypted ones.
if (window.isSecureContext && navigator.mediaDevices !== undefined) {
  find("camera-open").hidden = false;
  find("camera-open").addEventListener("click", openCamera);
  find("camera-close").addEventListener("click", closeCamera);
  find("shoot").addEventListener("click", shoot);
}
const secret = document.body.dataset.guarded === "yes" ? ' -H "authorization: Bearer $TOKEN"' : "";
find("example").textContent = `curl${secret} -F picture=@photo.jpg ${new URL("predict", location.href)}`;
showModel();
