"use strict";

const FIRST = 8; // to look at first, as cards
const LANES = 10; // of a timeline, before it is unfolded
const RANK = { failed: 0, done: 1, waiting: 2 };
const $ = (query) => document.querySelector(query);
const { videos, crops, tracks: leftOut } = JSON.parse($("#heads").textContent);

// Everything from outside becomes text or an attribute, never markup.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "className") element.className = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;

function clock(seconds, digits = 0) {
  const whole = Math.max(0, digits ? Math.floor(seconds * 10) / 10 : Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const span = (track) => `${clock(track.first, 1)} – ${clock(track.last, 1)}`;
const why = (track) => [track.reason, track.missed].filter(Boolean).join("; ");
const TRUST = "How likely it is one object all along, and a real one. It says nothing about objects that were missed.";
const AROUND = 2; // seconds before something that is to be looked at
const level = (trust) => (trust < 0.5 ? "bad" : trust < 0.8 ? "warn" : "good");
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

function showTotals() {
  const count = (state) => videos.filter((video) => video.state === state).length;
  const figures = [
    ["Videos", videos.length], ["Done", count("done")], ["Failed", count("failed"), "bad"],
    ["Waiting", count("waiting"), "waiting"], ["Length", clock(sum(videos.map((video) => video.seconds)))],
    ["Tracks", sum(videos.flatMap((video) => video.counts.map(([, number]) => number)))],
    ["Objects missed?", videos.filter((video) => video.missed || video.advice).length, "warn"],
    ["To look at", sum(videos.map((video) => video.doubtful)), "warn"],
  ];
  for (const [name, value, kind] of figures) {
    if (kind && !value) continue;
    const shown = typeof value === "number" ? value.toLocaleString("en") : value;
    $("#totals dl").append(make("div", { className: kind ?? "" }, make("dt", {}, name), make("dd", {}, shown)));
  }
  const missing = [[crops, "picture"], [leftOut, "track"]].filter(([number]) => number).map(([n, what]) => many(n, what));
  $("#left-out").hidden = !missing.length;
  $("#left-out").textContent = `To keep this page small it leaves out ${missing.join(" and ")}; all are in the summary.json of the videos' folders.`;
  $("#about").hidden = !videos.some((video) => video.counts.length || video.advice);
  const failed = count("failed");
  const status = $("#status");
  status.textContent = failed ? `${many(failed, "video")} failed` : count("waiting") ? "Not finished yet" : "All done";
  status.className = failed ? "bad" : count("waiting") ? "warn" : "";
}

function listClasses() {
  const totals = new Map();
  for (const [label, number] of videos.flatMap((video) => video.counts)) totals.set(label, (totals.get(label) ?? 0) + number);
  for (const [label, number] of [...totals].sort((one, two) => two[1] - one[1])) {
    $("#class").append(make("option", { value: label }, `${label} (${number.toLocaleString("en")})`));
  }
}

// A card holds its title from the start, and its tracks once it comes near.
function card(video, number) {
  const title = make("div", { className: "title" }, make("h2", {}, video.name));
  const size = video.size[0] ? `${video.size[0]} × ${video.size[1]}` : "";
  if (video.state === "done") title.append(make("p", {}, [clock(video.seconds), size].filter(Boolean).join(" · ")));
  else title.append(make("span", { className: "pill" }, video.state === "failed" ? "Failed" : "Waiting"));
  const counts = make("ul", { className: "counts" });
  for (const [label, count] of video.counts) counts.append(make("li", {}, make("b", {}, count.toLocaleString("en")), ` ${label}`));
  if (video.state === "done" && !video.counts.length) title.append(make("p", {}, "No tracks"));
  title.append(counts);
  if (video.clip) title.append(make("a", { href: video.clip }, "Open video"));
  const section = make("section", { className: `video ${video.state}`, tabindex: "-1", "aria-label": video.name }, title);
  const missed = doubts(video);
  if (missed) section.append(make("p", { className: "missed" }, missed));
  if (video.reason) section.append(make("p", { className: "why" }, video.reason));
  const body = make("div", { className: "body" });
  body.style.minHeight = `${video.counts.length ? 240 : 0}px`;
  section.append(body);
  section.dataset.number = number;
  return section;
}

// What speaks for objects that nobody has found: trust is about those that there are.
function doubts(video) {
  const signs = video.missed ? `${many(video.missed, "track")} ${video.missed === 1 ? "appears or vanishes" : "appear or vanish"} inside the picture` : "";
  const found = [signs, video.advice].filter(Boolean).join("; ");
  return found && `Objects may be missed: ${found}`;
}

function fill(section) {
  const number = +section.dataset.number;
  const [video, block] = [videos[number], document.getElementById(`video-${number}`)];
  const body = section.querySelector(".body");
  body.style.minHeight = "";
  if (!block) return body.replaceChildren();
  const label = $("#class").value;
  const tracks = JSON.parse(block.textContent).filter((track) => (!label || track.label === label) && (!$("#only").checked || why(track)));
  const doubtful = tracks.filter(why);
  body.replaceChildren();
  if (doubtful.length) {
    const first = make("ul", { className: "first" }, ...doubtful.slice(0, FIRST).map((track) => look(track, video)));
    const rest = doubtful.length > FIRST ? `, ${FIRST} of ${doubtful.length.toLocaleString("en")}` : "";
    body.append(make("h3", {}, `Look at first${rest}`), first);
  }
  if (tracks.length) body.append(lanes(tracks, video, section.dataset.open === "yes", () => { section.dataset.open = "yes"; fill(section); }));
}

function linked(video, seconds, attributes, ...children) {
  if (!video.clip) return make("span", attributes, ...children);
  return make("a", { ...attributes, href: `${video.clip}#t=${Math.max(0, seconds).toFixed(1)}` }, ...children);
}

function crop(track) {
  if (!track.view) return make("span", { className: "crop" });
  return make("img", { className: "crop", src: `data:image/jpeg;base64,${track.view}`, alt: "", loading: "lazy" });
}

function tag(track) {
  const element = make("span", { className: "tag" }, String(track.id));
  element.style.setProperty("--tag", track.colour);
  return element;
}

function look(track, video) {
  const words = make("span", {},
    make("p", {}, tag(track), " ", make("b", {}, track.label), make("span", { className: "soft" }, `  ${clock(track.first, 1)}`)),
    make("p", { className: "reason" }, why(track)));
  const moment = track.missed.startsWith("vanishes") ? track.last - AROUND : track.first - (track.missed ? AROUND : 0);
  return make("li", {}, linked(video, moment, { className: "look" }, crop(track), words));
}

function axis(seconds) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const step = steps.find((one) => seconds / one <= 6) ?? 28800;
  const line = make("div");
  for (let at = 0; at <= seconds; at += step) {
    const mark = make("span", { className: at / seconds > 0.96 ? "end" : "" }, clock(at));
    mark.style.left = `${(100 * at) / seconds}%`;
    line.append(mark);
  }
  return make("div", { className: "axis", "aria-hidden": "true" }, line, make("span", { className: "trusted", title: TRUST }, "Trust"));
}

function lanes(tracks, video, open, unfold) {
  const seconds = Math.max(video.seconds, ...tracks.map((track) => track.last)) || 1;
  const shown = open ? tracks : tracks.slice(0, LANES);
  const list = make("ol", {}, ...shown.map((track) => lane(track, video, seconds)));
  const whole = make("div", { className: "lanes" }, axis(seconds), list);
  if (tracks.length > shown.length) {
    const more = make("button", { className: "more", type: "button" }, `Show all ${many(tracks.length, "track")}`);
    more.addEventListener("click", unfold);
    whole.append(more);
  }
  return whole;
}

function lane(track, video, seconds) {
  const bars = make("div", { className: "bars" });
  bars.style.setProperty("--tag", track.colour);
  for (const [start, end] of track.bars) {
    const words = `${clock(start, 1)} – ${clock(end, 1)}`;
    const bar = linked(video, start, { className: "bar", title: words });
    if (video.clip) bar.setAttribute("aria-label", `Number ${track.id}, ${words}`);
    bar.style.left = `min(${(100 * start) / seconds}%, 100% - 4px)`;
    bar.style.width = `${(100 * (end - start)) / seconds}%`;
    bars.append(bar);
  }
  const trust = make("span", { className: `trust ${level(track.trust)}`, title: why(track) || TRUST }, `${Math.round(100 * track.trust)} %`);
  const who = make("div", { className: "who", title: `${track.label}, ${span(track)}` }, crop(track), tag(track), make("span", {}, track.label));
  return make("li", { className: "lane", "data-id": track.id }, who, bars, trust);
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const sections = videos.map(card);
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    fill(target);
  }
}, { rootMargin: "800px" });

function fits(video) {
  const label = $("#class").value;
  const words = $("#search").value.trim().toLowerCase();
  if (label && !video.counts.some(([name]) => name === label)) return false;
  if ($("#only").checked && !video.doubtful && !video.advice && video.state !== "failed") return false;
  return !words || [video.name, video.reason, doubts(video), ...video.reasons, ...video.counts.map(([name]) => name)].some((text) => text.toLowerCase().includes(words));
}

function arrange() {
  near.disconnect();
  const byName = (one, two) => collator.compare(videos[one].name, videos[two].name) || one - two;
  const byDoubt = (one, two) => !!videos[two].advice - !!videos[one].advice || videos[two].doubtful - videos[one].doubtful || videos[one].trust - videos[two].trust || byName(one, two);
  const order = $("#order").value === "name" ? byName : byDoubt;
  const rank = (number) => RANK[videos[number].state] ?? 1;
  const shown = [...videos.keys()].filter((number) => fits(videos[number]));
  shown.sort((one, two) => rank(one) - rank(two) || order(one, two));
  $("#videos").replaceChildren(...shown.map((number) => sections[number]));
  for (const number of shown) near.observe(sections[number]);
  $("#none").hidden = shown.length > 0;
  $("#shown").textContent = shown.length < videos.length ? `${shown.length} of ${many(videos.length, "video")}` : "";
}

function step(by) {
  const shown = [...$("#videos").children];
  const at = shown.indexOf(document.activeElement?.closest(".video"));
  const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
  next?.scrollIntoView({ block: "start" });
  next?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input[type=search], select");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing && event.key === "Escape") event.target.blur();
  if (typing) return;
  if (event.key === "/") { event.preventDefault(); $("#search").focus(); }
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
});
for (const query of ["#search", "#class", "#order", "#only"]) $(query).addEventListener("input", arrange);
addEventListener("beforeprint", () => [...$("#videos").children].forEach(fill));

showTotals();
listClasses();
arrange();
