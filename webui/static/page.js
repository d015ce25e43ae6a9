"use strict";

// What is chosen now: the picture, and each switched-on runtime's card. A new picture makes a new look;
// whatever still arrives for an older one is dropped.
const look = { number: 0, picture: null, controller: new AbortController(), results: new Map() };
let status = { runtimes: [], settled: false };
let polling = false;
let chosenOnce = false; // whether someone has switched a runtime on or off

const $ = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll("input[name=runtime]")];
const switchedOn = () => boxes().filter((box) => box.checked && !box.disabled).map((box) => box.value);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const UNREACHABLE = "The page's server can't be reached. Is it still running?";
const LONGEST_WAIT = 60000;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- how the runtimes are doing

async function refresh() {
  const response = await fetch("api/runtimes");
  status = await response.json();
  for (const runtime of status.runtimes) {
    const box = boxes().find((each) => each.value === runtime.runtime);
    box.closest(".chip").className = `chip ${runtime.state}`;
    box.closest(".chip").hidden = runtime.state === "missing";
    box.disabled = ["missing", "unavailable"].includes(runtime.state);
    box.closest(".chip").title = runtime.sentence;
  }
  offerAll();
  if (switchedOn().length === 0 && !chosenOnce) {
    const first = status.runtimes.find((runtime) => runtime.default);
    boxes().find((each) => each.value === first.runtime).checked = true;
  }
  const remarks = status.runtimes.filter(({ state, restarts }) => state !== "missing" && (state !== "ready" || restarts > 0));
  const lines = remarks.map((runtime) => `${runtime.title}: ${runtime.sentence}`);
  if (lines.join() !== [...$("states").children].map((line) => line.textContent).join()) {
    $("states").replaceChildren(...lines.map((line) => element("li", "", line)));
  }
  if (status.checkpoint) {
    $("model").textContent = `The model: ${status.checkpoint.line}`;
    $("model").hidden = false;
    $("knowledge").textContent = status.checkpoint.sentence;
    $("knowledge").hidden = false;
  }
}

function offerAll() {
  $("all").hidden = !boxes().some((box) => !box.checked && !box.disabled);
}

async function poll() {
  if (polling) return;
  polling = true;
  do {
    try {
      await refresh();
    } catch {
      status.settled = false;
    }
    await pause(status.settled ? 0 : 1000);
  } while (!status.settled);
  polling = false;
}

// ---- one picture, one runtime after the other

function choose(picture, truth = "") {
  look.controller.abort();
  Object.assign(look, { number: look.number + 1, picture, controller: new AbortController(), results: new Map() });
  $("trouble").hidden = true;
  tell(truth);
  for (const button of document.querySelectorAll("[data-sample]")) button.setAttribute("aria-pressed", "false");
  if (picture.size > Number(document.body.dataset.limit)) return refuse(document.body.dataset.tooLarge);
  show(picture);
  draw();
  reveal();
  return answerAll(look.number);
}

function tell(truth) {
  $("truth").textContent = truth && `On this sample is: ${truth}.`;
  $("truth").hidden = !truth;
}

function show(picture) {
  const preview = $("preview");
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(picture);
  preview.hidden = false;
  $("drop").classList.add("filled");
  document.querySelector("label[for=file]").textContent = "Choose another";
}

function reveal() {
  const results = document.querySelector(".results");
  if (results.getBoundingClientRect().top < window.innerHeight * 0.8) return; // it is in sight already
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  results.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}

function refuse(sentence) {
  look.picture = null;
  tell("");
  look.results.clear();
  $("trouble").textContent = sentence;
  $("trouble").hidden = false;
  $("trouble").scrollIntoView({ block: "nearest" });
  $("preview").hidden = true;
  $("drop").classList.remove("filled");
  document.querySelector("label[for=file]").textContent = "Choose a picture";
  draw();
}

let turn = Promise.resolve();

function answerAll(number) {
  turn = turn.then(async () => {
    for (const runtime of switchedOn()) {
      if (number !== look.number || !look.picture) return;
      if (!look.results.has(runtime)) await answer(runtime, number);
    }
  });
  return turn;
}

async function answer(runtime, number) {
  look.results.set(runtime, { status: "working" });
  draw();
  let result;
  try {
    await untilReady(runtime, number);
    result = await ask(runtime);
  } catch (error) {
    result = { status: "failed", message: error.sentence || UNREACHABLE };
  }
  if (number !== look.number || !look.picture) return;
  if (result.refused) return refuse(result.refused);
  look.results.set(runtime, result);
  draw();
  if (result.status === "failed") poll();
}

async function untilReady(runtime, number) {
  const state = () => status.runtimes.find((each) => each.runtime === runtime);
  while (number === look.number && state() && state().state === "preparing") {
    look.results.set(runtime, { status: "working", message: state().sentence });
    draw();
    await pause(1000);
  }
}

async function ask(runtime) {
  const form = new FormData();
  form.append("image", look.picture, "picture");
  const signal = AbortSignal.any([look.controller.signal, AbortSignal.timeout(LONGEST_WAIT)]);
  const response = await fetch(`api/classify?runtime=${encodeURIComponent(runtime)}`, { method: "POST", body: form, signal });
  const body = await response.json().catch(() => ({ error: { message: "The answer could not be read. Try again." } }));
  if (response.ok) return body.results[0];
  if ([400, 413, 415, 422].includes(response.status)) return { refused: body.error.message };
  return { status: "failed", message: body.error.message };
}

// ---- what is seen of it

function draw() {
  const runtimes = switchedOn().filter((runtime) => look.picture && look.results.has(runtime));
  const answered = runtimes.map((runtime) => look.results.get(runtime)).filter((each) => each.status === "answered");
  const fastest = answered.length > 1 ? Math.min(...answered.map((each) => each.milliseconds)) : null;
  $("cards").replaceChildren(...runtimes.map((runtime) => card(runtime, look.results.get(runtime), fastest)));
  $("caution").hidden = answered.length === 0;
  const working = runtimes.some((runtime) => look.results.get(runtime).status === "working");
  const [kind, sentence] = verdict(answered, working, runtimes.length);
  $("verdict").className = `verdict ${kind}`;
  if ($("verdict").textContent !== sentence) $("verdict").textContent = sentence;
}

function verdict(answered, working, shown) {
  if (answered.length === 0) {
    if (!look.picture) return ["", "Choose a picture, and the answers appear here."];
    if (working) return ["", "Looking at the picture…"];
    return ["", shown ? "No answer this time." : "Switch on someone who answers."];
  }
  const counts = new Map();
  for (const each of answered) counts.set(each.answers[0].label, (counts.get(each.answers[0].label) || 0) + 1);
  if (status.checkpoint && status.checkpoint.speed_only) {
    return ["", `Speed only, with random weights: the answers ${counts.size === 1 ? "are the same" : "differ"}`];
  }
  const [first] = counts.keys();
  const surest = Math.max(...answered.map((each) => each.answers[0].confidence));
  const named = surest < 0.5 ? `${first} (a guess: less than half sure)` : first;
  if (answered.length === 1) return ["", `It looks like: ${named}`];
  if (counts.size === 1) {
    return ["agree", `${answered.length === 2 ? "Both" : `All ${answered.length}`} give the same answer: ${named}`];
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([label, count]) => `${count} × ${label}`);
  return ["differ", `They do not agree: ${parts.join(", ")}`];
}

function card(runtime, result, fastest) {
  const made = element("li", `card ${result.status}`);
  const heading = element("h3", "", boxes().find((box) => box.value === runtime).dataset.title);
  made.append(heading);
  if (result.status === "answered") {
    if (result.milliseconds === fastest) heading.append(element("span", "badge", "fastest this time"));
    const time = element("p", "time");
    const [shown, unit] = duration(result.milliseconds);
    time.append(element("strong", "", shown), ` ${unit}`);
    made.append(time, answers(result.answers));
    return made;
  }
  if (result.status === "working") {
    made.setAttribute("aria-busy", "true");
    made.append(element("p", "message", result.message || "Looking at the picture…"), element("div", "moving"));
    return made;
  }
  const again = element("button", "again", "Try again");
  again.type = "button";
  again.addEventListener("click", () => {
    look.results.delete(runtime);
    answerAll(look.number);
  });
  made.append(element("p", "message", result.message), again);
  return made;
}

function answers(given) {
  const list = element("ol", "answers");
  for (const { label, confidence } of given) {
    const item = element("li");
    const bar = element("span", "bar");
    const fill = element("span", "fill");
    fill.style.width = `${Math.max(0.5, confidence * 100)}%`;
    bar.setAttribute("aria-hidden", "true");
    bar.append(fill);
    item.append(element("span", "label", label), element("span", "share", percent(confidence)), bar);
    list.append(item);
  }
  return list;
}

function duration(milliseconds) {
  if (milliseconds >= 1000) return [(milliseconds / 1000).toFixed(1), "seconds"];
  return [milliseconds.toFixed(milliseconds < 10 ? 1 : 0), "thousandths of a second"];
}

function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1 %";
  return `${(share * 100).toFixed(share > 0.0995 && share < 0.9995 ? 0 : 1)} %`;
}

// ---- the ways in which a picture arrives

function firstPicture(transfer) {
  const files = [...transfer.files];
  return files.find((file) => file.type.startsWith("image/")) || files[0] || null;
}

$("file").addEventListener("change", () => {
  if ($("file").files.length) choose($("file").files[0]);
  $("file").value = "";
});

document.addEventListener("paste", (event) => {
  const picture = event.clipboardData && firstPicture(event.clipboardData);
  if (picture) choose(picture);
  else refuse("There is no picture to paste. Copy a picture first.");
});

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  const picture = firstPicture(event.dataTransfer);
  if (picture) choose(picture);
  else refuse("That was not a file. Save the picture first, then drop it here.");
});

for (const button of document.querySelectorAll("[data-sample]")) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", async () => {
    try {
      const response = await fetch(button.dataset.sample);
      choose(await response.blob(), button.querySelector("img").alt);
      button.setAttribute("aria-pressed", "true");
    } catch {
      refuse(UNREACHABLE);
    }
  });
}

for (const box of boxes()) {
  box.addEventListener("change", () => {
    chosenOnce = true;
    offerAll();
    if (!box.checked) look.results.delete(box.value);
    draw();
    if (look.picture) answerAll(look.number);
  });
}

$("all").addEventListener("click", () => {
  for (const box of boxes().filter((each) => !each.checked && !each.disabled)) box.click();
});

poll();
setInterval(poll, 10000);
