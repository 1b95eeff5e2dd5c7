// A scene is a list of shapes on the picture; each change is sent to be checked, and Save keeps it.

const find = (selector) => document.querySelector(selector);
const make = (tag, text, name) => Object.assign(document.createElement(tag), { textContent: text ?? "", className: name ?? "" });
const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// points: how many a shape takes, 0 for a polygon. named: whether it has a name of its own.
const KINDS = {
  line: { title: "Line", points: 2, named: true, shade: "#ffcd46", hint: "Click its two ends. The arrow points to where \"in\" is" },
  zone: { title: "Zone", points: 0, named: true, shade: "#6ecdeb", hint: "Click its corners; then Finish, or click the first one again" },
  mask: { title: "Mask", points: 0, shade: "#f2706b", hint: "Click the corners of what is to be ignored" },
  roi: { title: "Area of interest", points: 0, shade: "#c9c6c0", hint: "Click the corners of what is to be looked at; all else is ignored" },
  point: { title: "Point in metres", short: "Point", points: 1, shade: "#7ee08a", hint: "Click a point on the ground, and give its place in metres. It takes four, no three on a line" },
  length: { title: "Length", points: 2, shade: "#d7a5eb", hint: "Click both ends of something on the ground, and give its length. It takes the horizon, too" },
  horizon: { title: "Horizon", points: 2, shade: "#ff9f5a", hint: "Click two points of the line where parallels on the ground would meet, such as the edges of a road. Where it lies outside of the picture, click anywhere and give the numbers in the list" },
};
const NEAR = 14; // pixels of the screen: a click that close to a polygon's first corner ends it
const SCALES = [1, 1.5, 2, 3, 4, 6];

let shapes = []; // { kind, points: [[x, y], ...], name?, metres?: number or [x, y] }
let rest = {}; // of the file: what this page does not draw
let drawing = null; // the shape that is being drawn
let chosen = null;
let tool = "line";
let size = [1, 1];
let ground = null; // from pixels to metres, nine numbers
let past = []; // scenes before each change, as JSON
let saved = "";
let scale = 0; // place in SCALES

// ---- from the file and back

function fromScene(scene) {
  const { lines = {}, zones = {}, mask = [], roi = [], calibration = {}, ...others } = scene;
  rest = others;
  const { points = [], lengths = [], horizon, ...more } = calibration;
  rest.calibration = more;
  return [
    ...Object.entries(lines).map(([name, line]) => ({ kind: "line", name, points: line })),
    ...Object.entries(zones).map(([name, zone]) => ({ kind: "zone", name, points: zone })),
    ...mask.map((polygon) => ({ kind: "mask", points: polygon })),
    ...roi.map((polygon) => ({ kind: "roi", points: polygon })),
    ...points.map(({ picture, metres }) => ({ kind: "point", points: [picture], metres })),
    ...lengths.map(({ picture, metres }) => ({ kind: "length", points: picture, metres })),
    ...(horizon ? [{ kind: "horizon", points: horizon }] : []),
  ];
}

function toScene() {
  const of = (kind) => shapes.filter((shape) => shape.kind === kind);
  const named = (kind) => Object.fromEntries(of(kind).map(({ name, points }) => [name, points]));
  const { calibration: more, ...scene } = { ...rest };
  if (of("roi").length) scene.roi = of("roi").map(({ points }) => points);
  if (of("mask").length) scene.mask = of("mask").map(({ points }) => points);
  if (of("line").length) scene.lines = named("line");
  if (of("zone").length) scene.zones = named("zone");
  const calibration = {};
  if (of("point").length) calibration.points = of("point").map(({ points, metres }) => ({ picture: points[0], metres }));
  if (of("length").length) calibration.lengths = of("length").map(({ points, metres }) => ({ picture: points, metres }));
  if (of("horizon").length) calibration.horizon = of("horizon").at(-1).points;
  if (Object.keys(calibration).length) scene.calibration = { size, ...more, ...calibration };
  return scene;
}

// What is not complete yet is kept in the list, and said: the ground needs four points, or a horizon and a length.
function missing() {
  const count = (kind) => shapes.filter((shape) => shape.kind === kind).length;
  const [points, lengths, horizons] = [count("point"), count("length"), count("horizon")];
  if (points && (lengths || horizons)) return "Give either points in metres, or the horizon and lengths";
  if (points && points < 4) return `${4 - points} more ${points === 3 ? "point" : "points"} in metres`;
  if (lengths && !horizons) return "The horizon is missing";
  if (horizons && !lengths) return "A length is missing";
  return "";
}

function checkable() {
  const scene = toScene();
  if (missing()) delete scene.calibration;
  return scene;
}

async function send(save) {
  const asked = JSON.stringify(checkable());
  try {
    const answer = await fetch(`scene.json${save ? "?save=1" : ""}`, {
      method: "POST", body: asked, headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(10000),
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const found = await answer.json();
    if (found.saved) {
      saved = asked;
      toast(missing() ? `Saved, without the ground: ${missing()}` : `Saved ${find("#file").textContent}`);
    } else if (save) toast(found.error);
    showGround(found);
  } catch {
    if (save) toast("It could not be saved: is keeptrack draw still running?");
  }
  showButtons();
}

let timer = 0;
function changed() {
  show();
  clearTimeout(timer);
  timer = setTimeout(() => send(false), 250);
}

function remember() {
  past.push(JSON.stringify(shapes));
  if (past.length > 200) past.shift();
}

function undo() {
  if (drawing?.points.length > 1) drawing.points.pop();
  else if (drawing) drawing = null;
  else if (past.length) { shapes = JSON.parse(past.pop()); chosen = null; }
  changed();
}

// ---- drawing

function placeOf(event) { // pixels of the picture, to a tenth
  const box = find("#shapes").getBoundingClientRect();
  const along = (part, length) => Math.min(Math.max(Math.round(part * length * 10) / 10, 0), length);
  return [along((event.clientX - box.left) / box.width, size[0]), along((event.clientY - box.top) / box.height, size[1])];
}

const perScreenPixel = () => size[0] / Math.max(1, find("#shapes").getBoundingClientRect().width);

function freeName(kind) {
  const taken = new Set(shapes.filter((shape) => shape.kind === kind).map(({ name }) => name));
  let number = 1;
  while (taken.has(`${kind} ${number}`)) number++;
  return `${kind} ${number}`;
}

function click(place) {
  const kind = KINDS[tool];
  if (!drawing) drawing = { kind: tool, points: [] };
  const [first] = drawing.points;
  if (!kind.points && drawing.points.length > 2 && Math.hypot(place[0] - first[0], place[1] - first[1]) < NEAR * perScreenPixel()) {
    finish();
    return;
  }
  const last = drawing.points.at(-1);
  if (last && Math.hypot(place[0] - last[0], place[1] - last[1]) < 1) return;
  drawing.points.push(place);
  if (kind.points && drawing.points.length === kind.points) finish();
  else show();
}

function finish() {
  if (!drawing || drawing.points.length < (KINDS[drawing.kind].points || 3)) return;
  remember();
  if (KINDS[drawing.kind].named) drawing.name = freeName(drawing.kind);
  if (drawing.kind === "point") drawing.metres = [0, 0];
  if (drawing.kind === "length") drawing.metres = 1;
  if (drawing.kind === "horizon") shapes = shapes.filter(({ kind }) => kind !== "horizon");
  shapes.push(drawing);
  chosen = drawing;
  drawing = null;
  changed();
  const field = find("#list li.chosen input");
  field?.focus({ preventScroll: true });
  field?.select();
}

const farFromPress = (event) => Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 6;
let dragged = null;
let pressed = null; // where the pointer went down: what moves far before it goes up scrolls, and draws nothing

find("#shapes").addEventListener("pointerdown", (event) => {
  if (event.button) return;
  pressed = [event.clientX, event.clientY];
  const handle = event.target.closest("[data-handle]");
  if (!handle || drawing) return;
  const [shape, corner] = handle.dataset.handle.split(" ").map(Number);
  remember();
  dragged = { shape: shapes[shape], corner, moved: false };
  chosen = shapes[shape];
  find("#shapes").setPointerCapture(event.pointerId);
  event.preventDefault();
  show();
});

find("#shapes").addEventListener("pointermove", (event) => {
  const place = placeOf(event);
  showPointer(place);
  if (dragged && (dragged.moved || farFromPress(event))) {
    dragged.shape.points[dragged.corner] = place;
    dragged.moved = true;
    drawShapes();
  } else if (drawing && event.pointerType === "mouse") drawShapes(place);
});

find("#shapes").addEventListener("pointerup", (event) => {
  if (dragged?.moved) {
    dragged = null;
    changed();
    return;
  }
  if (dragged) past.pop(); // it was a click, and draws a point in the same place
  dragged = null;
  if (!pressed || farFromPress(event)) return;
  pressed = null;
  click(placeOf(event));
});

find("#shapes").addEventListener("pointercancel", () => { dragged = pressed = null; });
find("#shapes").addEventListener("pointerleave", () => { if (!dragged) { setText(find("#pointer"), ""); drawShapes(); } });

function metresAt([x, y]) {
  if (!ground) return null;
  const [a, b, c] = [0, 3, 6].map((row) => ground[row] * x + ground[row + 1] * y + ground[row + 2]);
  return c > 0 ? [a / c, b / c] : null;
}

function showPointer(place) {
  const metres = metresAt(place);
  const words = ground ? (metres ? `, ${metres.map((each) => each.toFixed(2)).join(", ")} m` : ", above the horizon") : "";
  setText(find("#pointer"), `${place.map((each) => each.toFixed(0)).join(", ")} px${words}`);
}

// ---- what is shown

function show() {
  drawShapes();
  showList();
  showButtons();
  setText(find("#hint"), KINDS[tool].hint);
}

function showButtons() {
  find("#undo").disabled = !drawing && !past.length;
  find("#finish").disabled = !drawing || Boolean(KINDS[drawing.kind].points) || drawing.points.length < 3;
  find("#save").disabled = JSON.stringify(checkable()) === saved;
}

function drawShapes(next) {
  const board = find("#shapes");
  const unit = perScreenPixel();
  board.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  board.ariaLabel = shapes.length ? `${shapes.length} drawn` : "Nothing drawn yet";
  board.replaceChildren();
  shapes.forEach((shape, row) => drawShape(board, shape, row, unit));
  if (drawing) drawShape(board, { ...drawing, points: next ? [...drawing.points, next] : drawing.points }, -1, unit);
}

function drawShape(board, { kind, points, name, metres }, row, unit) {
  const { shade, points: count } = KINDS[kind];
  const text = points.map((point) => point.join()).join(" ");
  const area = !count && row >= 0;
  if (points.length > 1) {
    const tag = area ? "polygon" : "polyline";
    board.append(svg(tag, { points: text, class: "halo area", "stroke-width": 5 }));
    const look = { points: text, class: `shape area ${shapes[row] === chosen ? "chosen" : ""}`, stroke: shade, "stroke-width": 2.5 };
    board.append(svg(tag, { ...look, fill: area ? shade : "none" }));
    if (kind === "line" && points.length === 2) board.append(arrow(points, unit, shade));
  }
  points.forEach(([x, y], corner) => {
    const look = { cx: x, cy: y, fill: shade, stroke: "#0d0f12", "stroke-width": 1.5 * unit };
    board.append(svg("circle", { ...look, r: (corner || row >= 0 ? 5 : 7) * unit }));
    if (row >= 0) board.append(svg("circle", { cx: x, cy: y, r: 14 * unit, fill: "transparent", "data-handle": `${row} ${corner}` }));
  });
  const words = { point: metres && `${metres[0]}, ${metres[1]} m`, length: metres && `${metres} m`, horizon: "horizon" }[kind] ?? name;
  if (!words) return;
  const [left, top] = kind === "zone" ? points.reduce((a, b) => (a[0] + a[1] < b[0] + b[1] ? a : b)) : points[0];
  const label = svg("text", { x: left + 9 * unit, y: top - 9 * unit, "font-size": 14 * unit, "stroke-width": 3 * unit });
  label.textContent = words;
  board.append(label);
}

function arrow([[x1, y1], [x2, y2]], unit, shade) { // from the middle of a line to where "in" is, its right
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [along, across] = [(x2 - x1) / length, (y2 - y1) / length];
  const [x, y, far, half] = [(x1 + x2) / 2, (y1 + y2) / 2, 16 * unit, 8 * unit];
  const corners = [[x - half * along, y - half * across], [x + half * along, y + half * across], [x - far * across, y + far * along]];
  return svg("polygon", { points: corners.map((each) => each.join()).join(" "), fill: shade, stroke: "#0d0f12", "stroke-width": unit, class: "area" });
}

function showList() {
  const list = find("#list ul");
  setText(find("#list output"), shapes.length || "");
  find("#list .nothing").hidden = shapes.length > 0;
  if (list.contains(document.activeElement) && list.children.length === shapes.length) {
    [...list.children].forEach((item, row) => item.classList.toggle("chosen", shapes[row] === chosen));
    return; // somebody is writing in it
  }
  list.replaceChildren(...shapes.map(listItem));
}

function listItem(shape) {
  const item = make("li", "", shape === chosen ? "chosen" : "");
  const mark = make("i");
  item.style.setProperty("--shade", KINDS[shape.kind].shade);
  const fields = make("div", "", "fields");
  if (KINDS[shape.kind].named) fields.append(field(`Name of the ${shape.kind}`, "text", shape.name, (value) => rename(shape, value)));
  else fields.append(make("span", KINDS[shape.kind].short ?? KINDS[shape.kind].title));
  if (shape.kind === "point") {
    ["x", "y"].forEach((axis, place) => fields.append(
      labelled(`${axis}`, field(`Metres, ${axis}`, "number", shape.metres[place], (value) => { shape.metres[place] = value; })),
    ));
  }
  if (shape.kind === "horizon") {
    shape.points.forEach((point, end) => ["x", "y"].forEach((axis, place) => fields.append(
      labelled(axis, field(`Horizon, ${axis}${end + 1}`, "number", point[place], (value) => { point[place] = value; })),
    )));
  }
  if (shape.kind === "length") fields.append(labelled("metres", field("Length in metres", "number", shape.metres, (value) => { shape.metres = value; })));
  const remove = make("button", "Delete");
  remove.type = "button";
  remove.ariaLabel = `Delete ${shape.name ?? KINDS[shape.kind].title}`;
  remove.addEventListener("click", () => {
    remember();
    shapes = shapes.filter((each) => each !== shape);
    chosen = null;
    changed();
  });
  item.append(mark, fields, remove, make("small", shape.points.map((point) => point.map(Math.round).join(", ")).join(" \u00b7 ")));
  item.addEventListener("focusin", () => { chosen = shape; drawShapes(); showList(); });
  return item;
}

function rename(shape, name) {
  if (shapes.some((each) => each !== shape && each.kind === shape.kind && each.name === name)) return "The name is taken";
  if (!name.trim()) return "It needs a name";
  shape.name = name;
  return "";
}

function field(title, type, value, take) { // take: gives what is wrong with a value, if anything is
  const input = make("input");
  Object.assign(input, { type, value, ariaLabel: title, step: "any", autocomplete: "off" });
  let before = "";
  input.addEventListener("focus", () => { before = JSON.stringify(shapes); });
  input.addEventListener("input", () => {
    const number = input.valueAsNumber;
    const wrong = type === "number" && !Number.isFinite(number) ? "A number is wanted" : take(type === "number" ? number : input.value);
    input.setCustomValidity(wrong || "");
    if (wrong) return;
    if (before && before !== JSON.stringify(shapes)) { past.push(before); before = ""; }
    changed();
  });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") input.blur(); });
  return input;
}

function labelled(words, input) {
  const label = make("label", words);
  label.append(input);
  return label;
}

let views = 0;
function showGround({ error = "", warnings = [], ground: found = null }) {
  const told = [...(error ? [[error, "error"]] : []), ...warnings.map((each) => [each, ""])];
  if (missing()) told.push([missing(), ""]);
  ground = error ? null : found;
  find("#ground").hidden = !ground && told.length === 0;
  find("#warnings").replaceChildren(...told.map(([words, name]) => make("li", words, name)));
  const above = find("#above");
  above.hidden = !ground;
  if (ground) above.src = `above.jpg?v=${++views}`;
}

function setText(place, text) { if (place.textContent !== String(text)) place.textContent = text; }

function toast(text) {
  const place = find("#toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.hidden = true; }, 4000);
}

// ---- what a person does

function choose(kind) {
  tool = kind;
  drawing = null;
  for (const button of find("#tools").children) button.ariaChecked = String(button.dataset.kind === kind);
  show();
}

function zoom(step) {
  scale = Math.min(Math.max(scale + step, 0), SCALES.length - 1);
  const view = find("#view");
  const [across, down] = [(view.scrollLeft + view.clientWidth / 2) / view.scrollWidth, (view.scrollTop + view.clientHeight / 2) / view.scrollHeight];
  find("#sheet").style.width = `${100 * SCALES[scale]}%`;
  view.scrollTo(across * view.scrollWidth - view.clientWidth / 2, down * view.scrollHeight - view.clientHeight / 2);
  setText(find("#scale"), `${SCALES[scale]}×`);
  find("#smaller").disabled = scale === 0;
  find("#larger").disabled = scale === SCALES.length - 1;
  drawShapes();
}

for (const [kind, { title, shade }] of Object.entries(KINDS)) {
  const button = make("button");
  Object.assign(button, { type: "button", role: "radio", ariaChecked: "false" });
  button.dataset.kind = kind;
  button.style.setProperty("--shade", shade);
  button.append(make("i"), title);
  button.addEventListener("click", () => choose(kind));
  find("#tools").append(button);
}
find("#undo").addEventListener("click", undo);
find("#finish").addEventListener("click", finish);
find("#save").addEventListener("click", () => send(true));
find("#smaller").addEventListener("click", () => zoom(-1));
find("#larger").addEventListener("click", () => zoom(1));
addEventListener("resize", () => drawShapes());
addEventListener("beforeunload", (event) => { if (!find("#save").disabled) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input");
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key === "s") { event.preventDefault(); if (!find("#save").disabled) send(true); }
  if (writing) return;
  if (control && event.key === "z") { event.preventDefault(); undo(); }
  if (event.key === "Enter" && !event.target.closest("button")) finish();
  if (event.key === "Escape" && drawing) { drawing = null; show(); }
});

const told = await (await fetch("scene.json")).json();
size = [told.width, told.height];
setText(find("#source"), told.name);
setText(find("#file"), told.file);
document.title = `${told.name} – keeptrack draw`;
shapes = fromScene(told.scene);
saved = JSON.stringify(checkable());
if (location.search) history.replaceState(null, "", location.pathname); // the cookie has the token now
choose("line");
zoom(0);
showGround(told);
