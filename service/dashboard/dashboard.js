// The page for people: lists jobs, and follows one live by its events. Everything shown is set as text, never as HTML.
import { ask, canBeKey, follow, forget, json, keep, key, onLocked } from "/session.js";

const MOST_LINES = 500;
const $ = (id) => document.getElementById(id);
let chosen = null;
let shown = null;
let cursor = "";
let tag = "";
let notice = "";
let stream = new AbortController();
let asking = null;
let points = { incumbent: [], bound: [] };
let lines = [];
let drawing = false;

const number = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(4) : String(Number(value.toPrecision(8)));
};
// A solve that has succeeded may have found that there is nothing to find: how it ended says more.
const end = (job) => job.termination ? job.termination.reason.toLowerCase().replaceAll("_", " ") : job.state;
const percent = (value) => typeof value === "number" ? `${Number((100 * value).toPrecision(3))} %` : value ?? "";

function row(cells) {
  const tr = document.createElement("tr");
  for (const [text, name] of cells) {
    const td = document.createElement("td");
    td.textContent = text;
    if (name) td.className = name;
    tr.append(td);
  }
  return tr;
}

function say(text) {
  $("message").textContent = text;
  $("message").hidden = text === "";
}

async function list() {
  const own = key();
  const query = new URLSearchParams({ limit: 50, ...(cursor && { cursor }), ...(tag && { tag }) });
  let jobs, next, workers;
  try {
    ({ jobs, next_cursor: next } = await json(`/v1/jobs?${query}`));
    ({ workers } = await json("/v1/workers"));
    if (own !== key()) return;
    say(notice);
  } catch (error) {
    // Whoever was refused is told so; a service that is away is asked again in the next round.
    if (error.status !== 401) say(error.status ? error.message : "The service does not answer; it is asked again.");
    return;
  }
  const alive = workers.filter((worker) => worker.alive);
  const cores = alive.reduce((sum, worker) => sum + worker.cores, 0);
  $("workers").textContent = `${alive.length} ${alive.length === 1 ? "worker" : "workers"} with ${cores} cores`
    + (alive.some((worker) => worker.draining) ? ", draining" : "");
  $("empty").hidden = jobs.length > 0 || cursor !== "" || tag !== "";
  $("newest").hidden = cursor === "";
  $("older").hidden = !next;
  $("older").onclick = () => page(next);
  $("filter").hidden = tag === "";
  $("tag").textContent = tag;
  $("jobs").replaceChildren(...jobs.map((job) => {
    const tr = row([["", ""], [end(job), job.state], [number(job.incumbent)], [percent(job.gap)], [job.seconds.toFixed(2)]]);
    const open = document.createElement("button");
    open.textContent = job.name || job.id.slice(-12);
    open.onclick = () => choose(job.id);
    tr.firstChild.append(open);
    tr.onclick = () => choose(job.id);
    if (job.id === chosen) tr.className = "chosen";
    return tr;
  }));
}

// Another part of the list: what is older than the cursor says, or the newest.
function page(from, of = tag) {
  [cursor, tag] = [from, of];
  list();
}
$("newest").onclick = () => page("");
$("all").onclick = () => page("", "");

async function show(id) {
  const job = await json(`/v1/jobs/${id}`);
  if (id !== chosen) return;
  const first = shown === null;
  shown = job;
  $("detail").hidden = false;
  // In a narrow window it is below the list.
  if (first && matchMedia("(max-width: 60rem)").matches) $("detail").scrollIntoView();
  const p = job.problem;
  $("title").textContent = job.name || job.id;
  $("summary").textContent = [
    job.state + (job.reason ? ` (${job.reason})` : ""), job.task === "solve" ? "" : job.task,
    typeof job.queue_position === "number" ? `${job.queue_position} before it` : "",
    job.termination ? [job.termination.reason, job.termination.detail].filter(Boolean).join(": ") : job.phase,
    `${p.sense}, ${p.rows} rows, ${p.columns} columns, ${p.nonzeros} nonzeros, ${p.integers} integers`,
    job.incumbent !== null ? `objective ${number(job.incumbent)}` : "no incumbent",
    job.bound !== null ? `bound ${number(job.bound)}` : "", job.gap !== null ? `gap ${percent(job.gap)}` : "",
    `${job.seconds.toFixed(2)} s`,
  ].filter(Boolean).join(" · ");
  $("lanes").replaceChildren(...job.lanes.map((lane) => row([
    [lane.solver], [lane.state + (lane.detail ? `: ${lane.detail}` : "")], [lane.phase ?? ""],
    [number(lane.incumbent)], [number(lane.bound)], [String(lane.nodes)],
  ])));
  const over = ["succeeded", "failed", "canceled", "expired"].includes(job.state);
  $("stop").hidden = $("cancel").hidden = over;
  $("results").hidden = job.state !== "succeeded";
  $("tags").replaceChildren(...job.tags.map((text) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.title = "Jobs with this tag";
    button.onclick = () => page("", text);
    return button;
  }));
}

function choose(id) {
  stream.abort();
  stream = new AbortController();
  chosen = id;
  shown = null;
  notice = "";
  points = { incumbent: [], bound: [] };
  lines = [];
  $("refused").textContent = "";
  location.hash = id;
  later();
  const acts = {
    incumbent: (e) => points.incumbent.push([e.seconds, e.objective]),
    bound: (e) => points.bound.push([e.seconds, e.bound]),
    log: (e) => { lines.push(`${e.lane} │ ${e.line}`); lines = lines.slice(-MOST_LINES); },
    warning: (e) => lines.push(`! ${e.code}: ${e.detail}`),
  };
  follow(`/v1/jobs/${id}/events`, stream.signal, (name, event) => {
    acts[name]?.(event);
    later();
    return name === "result";
  });
  list();
}

// Many events come at once; the page is drawn at most twice a second.
function later() {
  if (drawing) return;
  drawing = true;
  setTimeout(async () => {
    drawing = false;
    if (chosen === null) return;
    const log = $("log");
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20;
    log.textContent = lines.join("\n");
    if (atEnd) log.scrollTop = log.scrollHeight;
    try {
      await show(chosen);
    } catch (error) {
      // For whatever else the next event asks again.
      if (error.status === 404) {
        $("detail").hidden = true;
        notice = `There is no job ${chosen} here: it is another project's, or was forgotten.`;
        say(notice);
      }
    }
    draw();
  }, 500);
}

function svg(name, attributes, text) {
  const element = document.createElementNS("http" + "://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw() {
  const finite = (list) => list.filter(([, value]) => typeof value === "number");
  const series = { incumbent: finite(points.incumbent), bound: finite(points.bound) };
  const all = [...series.incumbent, ...series.bound];
  const plot = $("plot");
  if (all.length === 0) return plot.replaceChildren(svg("text", { x: 20, y: 30 }, "nothing found yet"));
  const end = Math.max(...all.map(([t]) => t), shown?.seconds ?? 0, 0.001);
  let low = Math.min(...all.map(([, v]) => v)), high = Math.max(...all.map(([, v]) => v));
  // What was far off at first would flatten everything that came later: it is drawn at the plot's edge.
  const last = [series.incumbent, series.bound].filter((list) => list.length > 0).map((list) => list.at(-1)[1]);
  const [least, most] = [Math.min(...last), Math.max(...last)];
  const span = Math.max(5 * (most - least), 0.05 * Math.max(Math.abs(least), Math.abs(most)), 1e-9);
  [low, high] = [Math.max(low, least - span), Math.min(high, most + span)];
  const pad = (high - low || Math.abs(high) || 1) * 0.08;
  [low, high] = [low - pad, high + pad];
  const x = (t) => 70 + 550 * t / end, y = (v) => 235 - 220 * (Math.min(Math.max(v, low), high) - low) / (high - low);
  const parts = [0, 0.5, 1].flatMap((f) => {
    const value = low + f * (high - low);
    return [svg("line", { x1: 70, x2: 620, y1: y(value), y2: y(value), class: "grid" }),
      svg("text", { x: 64, y: y(value) + 4, "text-anchor": "end" }, number(Number(value.toPrecision(4))))];
  });
  parts.push(svg("text", { x: 70, y: 252 }, "0 s"), svg("text", { x: 620, y: 252, "text-anchor": "end" }, `${end.toFixed(2)} s`));
  for (const [name, list] of Object.entries(series)) {
    if (list.length === 0) continue;
    let path = `M${x(list[0][0])},${y(list[0][1])}`;
    for (const [t, v] of list.slice(1)) path += `H${x(t)}V${y(v)}`;
    parts.push(svg("path", { d: `${path}H${x(end)}`, class: name }));
    parts.push(svg("circle", { cx: x(list.at(-1)[0]), cy: y(list.at(-1)[1]), r: 3, fill: "currentColor" }));
  }
  plot.replaceChildren(...parts);
}

for (const verb of ["stop", "cancel"]) {
  $(verb).onclick = async () => {
    try {
      await json(`/v1/jobs/${chosen}:${verb}`, { method: "POST" });
      $("refused").textContent = "";
    } catch (error) {
      $("refused").textContent = error.message;
    }
    later();
  };
}
for (const button of document.querySelectorAll("#results button")) {
  button.onclick = async () => {
    try {
      // Not a link: that would bear no key.
      const response = await ask(`/v1/jobs/${chosen}/${button.dataset.what}`);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `farkas-${chosen}${button.dataset.as}`;
      link.click();
      URL.revokeObjectURL(link.href);
      $("refused").textContent = "";
    } catch (error) {
      $("refused").textContent = error.message;
    }
  };
}
$("upload").onsubmit = async (event) => {
  event.preventDefault();
  const file = $("file").files[0];
  if (!file) return;
  $("sent").textContent = "sending …";
  const query = new URLSearchParams({ filename: file.name, name: file.name, time_limit_seconds: $("limit").value });
  try {
    const headers = { "content-type": "application/octet-stream" };
    const job = await json(`/v1/jobs?${query}`, { method: "POST", headers, body: file });
    $("sent").textContent = "accepted";
    choose(job.id);
  } catch (error) {
    $("sent").textContent = error.message;
  }
};

// Shows nothing any more of what a key let through.
function clear() {
  clearInterval(asking);
  stream.abort();
  chosen = shown = null;
  cursor = tag = notice = "";
  $("detail").hidden = $("main").hidden = true;
  for (const id of ["jobs", "lanes", "plot", "tags"]) $(id).replaceChildren();
  for (const id of ["title", "summary", "log", "backends", "workers", "sent"]) $(id).textContent = "";
  say("");
}

onLocked((refused) => {
  const first = refused.code === "key-missing";
  forget();
  clear();
  $("forget").hidden = $("metrics").hidden = true;
  $("signin").hidden = false;
  say(first ? "" : `Not let in: ${refused.message}.`);
  $("key").value = "";
  $("key").focus();
});
$("signin").onsubmit = (event) => {
  event.preventDefault();
  const typed = $("key").value.trim();
  $("key").value = "";
  if (!canBeKey(typed)) return say("A key has visible characters, and no spaces.");
  keep(typed);
  begin();
};
$("forget").onclick = () => {
  forget();
  clear();
  begin();
};

async function begin() {
  const own = key();
  clearInterval(asking);
  try {
    const { backends } = await json("/v1/backends");
    const ready = backends.filter((b) => b.availability.state === "ready");
    $("backends").textContent = ready.map((b) => `${b.name} ${b.availability.version}`).join(" · ") || "no solver is available";
  } catch (error) {
    if (error.status === 401) return; // the sign-in is there instead
  }
  if (own !== key()) return; // somebody else is being let in
  $("signin").hidden = true;
  $("main").hidden = false;
  $("forget").hidden = own === null;
  // A link bears no key.
  $("metrics").hidden = own !== null;
  clearInterval(asking);
  asking = setInterval(list, 2000);
  list();
  if (location.hash.length > 1) choose(location.hash.slice(1));
}
begin();
