// One loop asks for the numbers of all tiles; a few others take turns at their pictures, since a browser keeps no more
// than six connections to a server.

const find = (selector) => document.querySelector(selector);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const setText = (place, text) => { if (place.textContent !== text) place.textContent = text; };

const PERIOD = 1000; // ms between two looks at the numbers
const WORKERS = 3; // pictures that are asked for at once
const WAIT = 1000; // ms that a request waits for a picture
const REST = 60; // ms between two pictures of one tile

const tiles = new Map(); // name -> {element, state, number, due}
let run = "";
let reachable = false;

const address = (name) => `camera/${encodeURIComponent(name)}/`;

async function followNumbers() {
  for (;;) {
    try {
      const answer = await fetch("tiles.json", { signal: AbortSignal.timeout(5000) });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(answer.statusText);
      const told = await answer.json();
      reachable = true;
      if (told.run !== run) begin(told);
      told.tiles.forEach(showTile);
      showStatus(told);
    } catch {
      reachable = false;
      document.body.dataset.state = "cut";
      setText(find("#status-text"), "Connection lost");
    }
    await sleep(document.hidden ? 3 * PERIOD : PERIOD);
  }
}

function begin(told) { // the first that is heard of a run
  run = told.run;
  tiles.clear();
  find("#tiles").replaceChildren(...told.tiles.map(({ name }) => {
    const element = find("#tile").content.cloneNode(true).firstElementChild;
    setText(element.querySelector(".name"), name);
    tiles.set(name, { element, state: {}, number: 0, due: 0 });
    return element;
  }));
  setText(find("#title"), told.tiles.length === 1 ? told.tiles[0].name : `${told.tiles.length} sources`);
  document.title = `${find("#title").textContent} – keeptrack`;
}

function showTile(state) {
  const tile = tiles.get(state.name);
  if (!tile) return;
  const { element } = tile;
  if (state.state !== tile.state.state && state.state === "running") tile.number = 0; // opened again: numbers begin anew
  tile.state = state;
  element.dataset.state = state.state;
  if (state.width) {
    element.querySelector("a").href = address(state.name);
    element.querySelector("canvas").ariaLabel = `${state.name}: ${countWords(state) || "nothing in it"}`;
  }
  setText(element.querySelector(".veil"), veilWords(state, tile));
  setText(element.querySelector(".rate"), state.fps == null ? "" : `${state.fps.toFixed(1)} frames a second`);
  setText(element.querySelector(".counts"), countWords(state) || (state.fps == null ? "" : "Nobody and nothing, just now"));
  setText(element.querySelector(".regions"), regionWords(state));
}

function veilWords(state, tile) {
  const quiet = Math.round(state.quiet ?? 0);
  return {
    opening: "Opening",
    starting: "Starting",
    ahead: "First pass",
    failed: state.trouble,
    lost: `Reconnecting for ${quiet} s`,
    waiting: `No picture for ${quiet} s`,
    over: "Over",
    stopped: "Stopped",
  }[state.state] ?? (state.images === false ? "No pictures" : tile.number ? "" : "Waiting for the first picture");
}

const countWords = (state) => (state.counts ?? []).filter(([, now]) => now).map(([name, now]) => `${now} ${name}`).join(", ");

function regionWords(state) {
  const words = ([name, values]) => `${name} ${Object.entries(values).map(([label, value]) => `${label} ${value}`).join(" ")}`;
  return Object.entries(state.regions ?? {}).map(words).join("; ");
}

function showStatus(told) {
  const running = told.tiles.filter(({ state }) => state === "running").length;
  const over = told.state !== "running";
  document.body.dataset.state = over ? told.state : running === told.tiles.length ? "running" : "waiting";
  setText(find("#status-text"), over ? "The run is over" : `${running} of ${told.tiles.length} running`);
}

// ---- pictures

async function followPictures() {
  for (;;) {
    const tile = nextTile();
    if (!tile) { await sleep(100); continue; }
    tile.busy = true;
    try {
      await fetchPicture(tile);
    } catch {
      await sleep(500); // the other loop finds out whether the server is there
    }
    tile.busy = false;
    tile.due = performance.now() + REST;
  }
}

function nextTile() { // the one that has waited longest for a picture, of those that are seen
  if (!reachable || document.hidden) return null;
  const now = performance.now();
  const ready = [...tiles.values()].filter(({ busy, due, state, element }) => (
    !busy && due <= now && state.images && ["running", "over"].includes(state.state) && isSeen(element)));
  return ready.sort((a, b) => a.due - b.due)[0];
}

function isSeen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

async function fetchPicture(tile) {
  const canvas = tile.element.querySelector("canvas");
  const width = Math.min(Math.ceil(canvas.clientWidth * devicePixelRatio), 800);
  const query = `after=${tile.number}&width=${width}&wait=${WAIT}`;
  const answer = await fetch(`${address(tile.state.name)}frame.jpg?${query}`, { signal: AbortSignal.timeout(8000) });
  if (answer.status !== 200) { await sleep(200); return; }
  const picture = await createImageBitmap(await answer.blob());
  tile.number = Number(answer.headers.get("X-Number"));
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  canvas.getContext("2d", { alpha: false }).drawImage(picture, 0, 0);
  picture.close();
  canvas.dataset.frame = answer.headers.get("X-Frame");
}

if (location.search) history.replaceState(null, "", location.pathname); // the cookie has the token now
followNumbers();
for (let worker = 0; worker < WORKERS; worker++) followPictures();
