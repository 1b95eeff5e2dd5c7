// Two loops ask the server, one for pictures and one for numbers, each as fast as this viewer can take them.

const find = (selector) => document.querySelector(selector);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const make = (tag, text, name) => Object.assign(document.createElement(tag), { textContent: text ?? "", className: name ?? "" });

const RETRY = [500, 1000, 2000, 4000]; // ms between attempts to reach the server
const canvas = find("#picture");
const pencil = canvas.getContext("2d", { alpha: false });

let run = ""; // which run the server tells of
let reachable = false;
let ended = false;
let number = 0; // of the last picture
let paused = null; // while paused: a promise of the frozen picture, to be saved
let newest = null; // the state as it was told last
let shown = null; // the state that picture and table show
const wakers = new Set(); // loops that wait for something to change

const changed = () => new Promise((done) => wakers.add(done));
const wake = () => { for (const done of wakers) done(); wakers.clear(); };

// ---- asking the server

async function followNumbers() {
  let version = 0;
  for (let failures = 0; ;) {
    try {
      const answer = await fetch(`state.json?after=${version}`, { signal: AbortSignal.timeout(10000) });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(answer.statusText);
      const state = await answer.json();
      version = state.version;
      if (state.run !== run) begin(state);
      failures = 0;
      reachable = true;
      ended = state.state === "over" || state.state === "stopped";
      newest = state;
      showState(state);
      wake();
    } catch {
      reachable = false;
      if (!ended) showCut();
      await sleep(ended ? 3000 : RETRY[Math.min(failures++, RETRY.length - 1)]);
    }
    if (ended && reachable) await sleep(1000);
    else if (document.hidden) await Promise.race([changed(), sleep(3000)]);
  }
}

async function followPictures() {
  for (;;) {
    if (!reachable || paused || document.hidden || (newest && !newest.source.images)) { await changed(); continue; }
    try {
      const answer = await fetch(`frame.jpg?after=${number}&width=${wantedWidth()}`, { signal: AbortSignal.timeout(15000) });
      if (answer.status === 200) {
        const picture = await createImageBitmap(await answer.blob());
        if (!paused) {
          number = Number(answer.headers.get("X-Number"));
          draw(picture, answer.headers.get("X-Frame"));
        }
      } else if (ended || !answer.ok) await sleep(1000);
    } catch {
      await sleep(500); // the other loop finds out whether the server is there
    }
  }
}

function wantedWidth() {
  return Math.min(Math.ceil(find("#screen").clientWidth * devicePixelRatio), 1280);
}

function begin(state) { // the first that is heard of a run
  run = state.run;
  number = 0;
  shown = null;
  setPaused(false);
  paths.clear();
  for (const table of document.querySelectorAll("tbody")) table.replaceChildren();
}

// ---- the picture

function draw(picture, frame) {
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  pencil.drawImage(picture, 0, 0);
  picture.close();
  canvas.dataset.frame = frame;
  canvas.ariaLabel = `Frame ${frame}, with ${countWords(newest)}`;
  showVeil();
}

function countWords(state) {
  const there = (state?.counts ?? []).filter(([, now]) => now);
  return there.map(([name, now]) => `${now} ${name}`).join(", ") || "nothing in it";
}

async function fetchSnapshot() {
  const answer = await fetch("snapshot.jpg", { signal: AbortSignal.timeout(10000) });
  if (!answer.ok) throw new Error(answer.statusText);
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { blob: await answer.blob(), frame: answer.headers.get("X-Frame"), name: decodeURIComponent(name?.[1] ?? "snapshot.jpg") };
}

// A paused picture is fetched once more, whole: what stands still is what will be saved.
function setPaused(on) {
  if (on === Boolean(paused)) return;
  paused = on ? fetchSnapshot() : null;
  const mine = paused;
  paused?.then(
    async (found) => {
      const picture = await createImageBitmap(found.blob);
      if (paused === mine) draw(picture, found.frame);
    },
    () => {}, // the last picture stays
  );
  find("#pause").ariaPressed = String(on);
  find("#pause span").textContent = on ? "Resume" : "Pause";
  find("#badge").hidden = !on;
  if (!on && newest) showTracks(newest);
  wake();
}

async function saveSnapshot() {
  try {
    const found = await (paused ?? fetchSnapshot());
    const link = make("a");
    link.href = URL.createObjectURL(found.blob);
    link.download = found.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    find("#screen").classList.remove("flash");
    requestAnimationFrame(() => find("#screen").classList.add("flash"));
    toast(`Saved ${found.name}`);
  } catch {
    toast("No picture could be saved");
  }
}

function toast(text) {
  const place = find("#toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.hidden = true; }, 3500);
}

// ---- words and numbers

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const timeOfDay = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });

function statusWords(state) {
  const quiet = Math.round(state.quiet ?? 0);
  return {
    starting: "Starting",
    ahead: "First pass",
    running: state.source.live ? "Live" : "Tracking",
    waiting: `No picture for ${quiet} s`,
    lost: `Reconnecting for ${quiet} s`,
    over: "The run is over",
    stopped: "The run was stopped",
  }[state.state] ?? state.state;
}

function setStatus(name, words) {
  document.body.dataset.state = name;
  setText(find("#status-text"), words);
  showVeil();
}

const setText = (place, text) => { if (place.textContent !== String(text)) place.textContent = text; };

function showVeil() {
  const state = document.body.dataset.state;
  const words = {
    cut: "Connection lost. Trying again",
    over: "The run is over",
    stopped: "The run was stopped",
    lost: "The camera is lost. Reconnecting",
    waiting: "No new picture",
    ahead: `Looking at all of it first: frame ${newest?.ahead} of ${newest?.source.frames ?? "?"}`,
  }[state];
  const blind = newest && !newest.source.images;
  const veil = words ?? (blind ? "This source has no pictures" : canvas.dataset.frame ? "" : "Waiting for the first picture");
  setText(find("#veil"), veil);
  find("#veil").hidden = !veil;
}

function showCut() {
  setStatus("cut", "Connection lost");
}

function showState(state) {
  const { source } = state;
  const size = source.width ? `${source.width}×${source.height}` : "";
  setText(find("#source"), source.name);
  setText(find("#kind"), [size, `${source.rate} frames a second`].filter(Boolean).join(", "));
  document.title = `${source.name} – keeptrack`;
  if (source.width && !canvas.dataset.frame) [canvas.width, canvas.height] = [source.width, source.height];
  setStatus(state.state, statusWords(state));
  showFigures(state);
  showCounts(state.counts ?? []);
  showRegions(Object.entries(state.regions ?? {}));
  if (!paused) showTracks(state);
  drawAbove(state);
  drawTimeline();
}

function showFigures(state) {
  const { live, frames } = state.source;
  const figures = { "frames a second": [state.fps?.toFixed(1) ?? "–"] };
  if (live && state.latency != null) figures.latency = [Math.round(state.latency * 1000), "ms"];
  if (!live) figures["of real time"] = [state.speed ? state.speed.toFixed(state.speed < 10 ? 1 : 0) : "–", "×"];
  if (state.skipped != null && live) figures["skipped frames"] = [state.skipped];
  if (state.reconnects) figures["times reconnected"] = [state.reconnects];
  figures.running = [clock(state.seconds)];
  const list = find("#figures");
  const names = Object.keys(figures);
  if (list.dataset.names !== names.join()) {
    list.dataset.names = names.join();
    list.replaceChildren(...names.map((name) => {
      const pair = make("div");
      pair.append(make("dt", name), make("dd"));
      return pair;
    }));
  }
  [...list.querySelectorAll("dd")].forEach((place, row) => {
    const [value, unit] = figures[names[row]];
    if (place.dataset.value === `${value}${unit}`) return;
    place.dataset.value = `${value}${unit}`;
    place.replaceChildren(String(value), ...(unit ? [make("small", unit)] : []));
  });
  const done = frames ? Math.min(1, (state.index ?? state.ahead) / frames) : 0;
  find("#progress").hidden = !frames;
  find("#progress i").style.width = `${100 * done}%`;
  setText(find("#position"), placeOf(state));
}

function placeOf(state) { // where in the source the run is
  if (state.index == null) return "";
  if (state.source.origin != null) return `Frame ${state.index}, ${timeOfDay(state.source.origin + state.time)}`;
  const total = state.source.frames ? ` of ${state.source.frames}` : "";
  return `Frame ${state.index}${total}, ${clock(state.time)}`;
}

function showCounts(counts) {
  const list = find("#counts ul");
  const key = JSON.stringify(counts);
  find("#counts .nothing").hidden = counts.length > 0;
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...counts.map(([name, now, total]) => {
    const item = make("li", "", now ? "" : "away");
    item.append(make("b", now), make("span", name), make("small", `${total} so far`));
    return item;
  }));
}

function showRegions(regions) {
  find("#regions").hidden = regions.length === 0;
  find("#regions tbody").replaceChildren(...regions.map(([name, values]) => {
    const [row, title, cell] = [make("tr"), make("th", name), make("td")];
    title.scope = "row";
    for (const [label, value] of Object.entries(values)) cell.append(make("span", `${label} `), make("b", value));
    row.append(title, cell);
    return row;
  }));
}

function showTracks(state) {
  shown = state;
  const body = find("#tracks tbody");
  const tracks = [...(state.tracks ?? [])].reverse(); // newcomers first
  const rows = new Map([...body.rows].map((row) => [row.dataset.id, row]));
  for (const [id, row] of rows) if (!tracks.some((track) => String(track.id) === id)) row.remove();
  tracks.forEach((track, place) => {
    const row = rows.get(String(track.id)) ?? makeRow(track);
    fillRow(row, track);
    if (body.rows[place] !== row) body.insertBefore(row, body.rows[place] ?? null);
  });
  setText(find("#tracks output"), tracks.length || "");
  find("#tracks thead").hidden = tracks.length === 0;
  find("#tracks .nothing").hidden = tracks.length > 0;
}

function makeRow(track) {
  const row = make("tr");
  row.dataset.id = track.id;
  const title = make("th");
  title.scope = "row";
  const tag = make("span", track.id, "tag");
  tag.style.setProperty("--tag", track.colour);
  title.append(tag);
  const view = make("td");
  const image = make("img");
  image.width = image.height = 48;
  view.append(image);
  row.append(view, title, make("td"), make("td"), make("td"));
  return row;
}

function fillRow(row, track) {
  const [view, , name, score, time] = row.cells;
  const image = view.firstChild;
  const address = track.crop ? `crop/${track.id}.jpg?v=${track.crop}&run=${run}` : "";
  if (address && image.dataset.from !== address) {
    image.dataset.from = address;
    image.src = address;
  }
  image.hidden = !address;
  image.alt = `Best view of ${track.class} ${track.id}`;
  setText(name, track.kmh == null ? track.class : `${track.class}, ${Math.round(track.kmh)} km/h`);
  setText(score, track.score.toFixed(2));
  setText(time, clock(track.seconds));
}

// ---- the ground: where the pointer is, and all objects from above

function metresAt([x, y]) {
  const matrix = newest?.ground?.matrix;
  if (!matrix) return null;
  const [a, b, c] = [0, 3, 6].map((row) => matrix[row] * x + matrix[row + 1] * y + matrix[row + 2]);
  return c > 0 ? [a / c, b / c] : null;
}

canvas.addEventListener("pointermove", (event) => {
  if (!newest?.source.width) return;
  const box = canvas.getBoundingClientRect(); // the picture fills it, or leaves bars at two sides
  const { width, height } = newest.source;
  const scale = Math.min(box.width / width, box.height / height);
  const place = [(event.clientX - box.left - (box.width - scale * width) / 2) / scale, (event.clientY - box.top - (box.height - scale * height) / 2) / scale];
  const inside = place[0] >= 0 && place[1] >= 0 && place[0] <= width && place[1] <= height;
  const metres = inside && metresAt(place);
  find("#pointer").hidden = !inside;
  setText(find("#pointer"), inside ? `${place.map(Math.round).join(", ")}${metres ? `: ${metres.map((each) => each.toFixed(1)).join(", ")} m` : ""}` : "");
});
canvas.addEventListener("pointerleave", () => { find("#pointer").hidden = true; });

const paths = new Map(); // by track: its last places
const PATH = 60; // of them

function drawAbove({ ground, tracks = [] }) {
  const section = find("#above");
  section.hidden = !ground;
  if (!ground) return;
  const board = section.querySelector("canvas");
  const { low, high, up } = ground;
  const [across, along] = [high[0] - low[0], high[1] - low[1]];
  const wide = section.clientWidth;
  const scale = Math.min(wide / across, 360 / along);
  const tall = Math.round(scale * along);
  const density = devicePixelRatio;
  [board.width, board.height] = [Math.round(wide * density), Math.round(tall * density)];
  board.style.height = `${tall}px`;
  const pen = board.getContext("2d");
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(name).trim();
  const place = ([x, y]) => [(wide - scale * across) / 2 + scale * (x - low[0]), scale * (up ? high[1] - y : y - low[1])];
  pen.setTransform(density, 0, 0, density, 0, 0);
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((each) => each * scale >= 28) ?? 1000;
  pen.fillStyle = colour("--line");
  for (let x = Math.ceil(low[0] / step) * step; x <= high[0]; x += step) pen.fillRect(Math.round(place([x, 0])[0]), 0, 1, tall);
  for (let y = Math.ceil(low[1] / step) * step; y <= high[1]; y += step) pen.fillRect(0, Math.round(place([0, y])[1]), wide, 1);
  setText(section.querySelector("output"), `a square is ${step} m`);
  const here = tracks.filter((track) => track.metres);
  for (const id of paths.keys()) if (!tracks.some((track) => track.id === id)) paths.delete(id);
  for (const { id, metres, colour: shade } of here) {
    const path = paths.get(id) ?? paths.set(id, []).get(id);
    path.push(metres);
    if (path.length > PATH) path.shift();
    pen.strokeStyle = pen.fillStyle = shade;
    pen.lineWidth = 2;
    pen.beginPath();
    for (const each of path) pen.lineTo(...place(each));
    pen.stroke();
    pen.beginPath();
    pen.arc(...place(metres), 5, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = colour("--ink");
    pen.font = `600 12px ${style.fontFamily}`;
    pen.fillText(id, place(metres)[0] + 8, place(metres)[1] + 4);
  }
  board.ariaLabel = `${here.length} objects from above`;
}

// ---- the timeline: one lane an object, drawn where it is scrolled to

const lanes = find("#lanes");
const LANE = 22;
const AXIS = 24;
// Seconds that the timeline is wide, and seconds between its marks where there is room, and where there is little.
const SPANS = [[15, 3, 5], [30, 5, 10], [60, 10, 20], [120, 20, 60], [300, 60, 120], [600, 120, 300]];

function drawTimeline() {
  const rows = [...(newest?.timeline ?? [])].reverse();
  const box = find("#timeline .scroll");
  find("#timeline .nothing").hidden = rows.length > 0;
  lanes.hidden = rows.length === 0;
  if (!rows.length) return;
  const wide = box.clientWidth;
  const high = Math.min(244, AXIS + rows.length * LANE + 8);
  find("#timeline .depth").style.height = `${rows.length * LANE + AXIS + 8 - high}px`;
  const scale = devicePixelRatio;
  if (lanes.width !== Math.round(wide * scale) || lanes.height !== Math.round(high * scale)) {
    lanes.width = Math.round(wide * scale);
    lanes.height = Math.round(high * scale);
    lanes.style.height = `${high}px`;
  }
  const pen = lanes.getContext("2d");
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(name).trim();
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, wide, high);
  pen.font = `12px ${style.fontFamily}`;
  pen.textBaseline = "middle";

  const gutter = wide < 560 ? 92 : 128;
  const right = 16;
  const first = Math.min(...rows.map(([, , spans]) => spans[0][0]));
  const [length, ...steps] = SPANS.find(([seconds]) => seconds >= newest.time - first) ?? SPANS.at(-1);
  const end = Math.max(newest.time, first + length);
  const start = end - length;
  const across = (time) => gutter + ((time - start) / length) * (wide - gutter - right);
  drawAxis(pen, { start, end, steps, across, high, gutter, soft: colour("--soft"), line: colour("--line") });

  pen.save();
  pen.beginPath();
  pen.rect(0, AXIS, wide, high - AXIS);
  pen.clip();
  const here = new Set((newest.tracks ?? []).map((track) => track.id));
  const top = AXIS - box.scrollTop;
  rows.forEach(([id, name, spans, shade], row) => {
    const y = top + row * LANE + LANE / 2;
    if (y < -LANE || y > high + LANE) return;
    pen.globalAlpha = here.has(id) ? 1 : .62;
    pen.fillStyle = shade;
    for (const [from, to] of spans) {
      const x = Math.max(across(from), gutter);
      const width = Math.max(3, across(to) - x);
      if (across(to) < gutter) continue;
      pen.beginPath();
      pen.roundRect(x, y - 6, width, 12, 4);
      pen.fill();
    }
    pen.globalAlpha = 1;
    pen.fillStyle = here.has(id) ? colour("--ink") : colour("--soft");
    pen.textAlign = "right";
    pen.font = `600 12px ${style.fontFamily}`;
    pen.fillText(id, 46, y + .5);
    pen.textAlign = "left";
    pen.font = `12px ${style.fontFamily}`;
    pen.fillText(name, 54, y + .5, gutter - 62);
  });
  pen.restore();
  const minutes = length < 60 ? `${length} seconds` : length === 60 ? "minute" : `${length / 60} minutes`;
  setText(find("#timeline output"), `${rows.length} in the last ${minutes}`);
  lanes.ariaLabel = `${rows.length} objects were there in the last ${minutes}, ${here.size} are there now`;
  drawTimeline.told = { rows, across, gutter };
}

function drawAxis(pen, { start, end, steps, across, high, gutter, soft, line }) {
  const origin = newest.source.origin;
  const step = steps[across(end) - gutter < 480 ? 1 : 0];
  const offset = origin == null ? 0 : origin - new Date(origin * 1000).getTimezoneOffset() * 60; // full minutes of the day
  const firstMark = Math.ceil((start + offset) / step) * step - offset;
  for (let time = firstMark; time <= end; time += step) {
    if (time < 0 && origin == null) continue;
    const x = Math.round(across(time)) + .5;
    pen.fillStyle = line;
    pen.fillRect(x - .5, AXIS - 2, 1, high);
    pen.fillStyle = soft;
    pen.textAlign = x > across(end) - 24 ? "right" : x < gutter + 24 ? "left" : "center";
    pen.fillText(origin == null ? clock(time) : timeOfDay(origin + time), x, AXIS / 2 - 1);
  }
}

lanes.addEventListener("pointermove", (event) => { // who that is, as a tooltip
  const { rows, across, gutter } = drawTimeline.told ?? {};
  if (!rows || event.offsetX < gutter) return;
  const row = rows[Math.floor((event.offsetY - AXIS + find("#timeline .scroll").scrollTop) / LANE)];
  const span = row?.[2].find(([from, to]) => event.offsetX >= across(from) - 2 && event.offsetX <= across(to) + 3);
  const words = (time) => (newest.source.origin == null ? clock(time) : timeOfDay(newest.source.origin + time));
  lanes.title = span ? `${row[0]} ${row[1]}, ${words(span[0])} to ${words(span[1])}` : "";
});

// ---- what a person does

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else find("#screen").requestFullscreen?.().catch(() => {});
}

find("#pause").addEventListener("click", () => setPaused(!paused));
find("#snapshot").addEventListener("click", saveSnapshot);
find("#full").addEventListener("click", toggleFull);
find("#full").hidden = !document.fullscreenEnabled;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const act = { " ": () => setPaused(!paused), s: saveSnapshot, f: toggleFull }[event.key];
  if (!act || (event.key === " " && event.target.closest("button"))) return; // a button takes the space itself
  event.preventDefault();
  act();
});

find("#timeline .scroll").addEventListener("scroll", drawTimeline);
addEventListener("resize", drawTimeline);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTimeline);
document.addEventListener("visibilitychange", wake);

find("#all").hidden = !location.pathname.includes("/camera/"); // one of several
if (location.search) history.replaceState(null, "", location.pathname); // the cookie has the token now
followNumbers();
followPictures();
