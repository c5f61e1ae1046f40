// Shows turns of the conversation and the side panel. All HTML that arrives here was made safe by the server (rag/ui/markup.py);
// this script puts it in place with as little change as possible, so that focus, selection and scroll position stay.

const log = element.querySelector(".log");
const spoken = element.querySelector(".spoken");
const panel = element.querySelector(".panel");
const inside = panel.querySelector(".inside");
const places = new Map(); // turn id -> { name: html }
const cleared = new Set(); // ids of turns of an earlier chat: news of them comes late
let opened = null; // { turn, name, by }

// --- turns ---

function show(value) {
  if (!value) return;
  if (value.kind === "empty") {
    for (const article of log.children) cleared.add(article.id);
    log.replaceChildren();
    places.clear();
    document.body.classList.remove("is-busy");
    close();
  } else if (!cleared.has(value.id)) {
    showTurn(value);
  }
  document.body.classList.toggle("has-turns", log.childElementCount > 0);
}

function showTurn(turn) {
  let article = document.getElementById(turn.id);
  const fresh = !article;
  if (fresh) {
    article = document.createElement("article");
    article.id = turn.id;
    article.className = "turn";
    article.innerHTML =
      '<h2 class="question" dir="auto"></h2><section class="evidence"></section><p class="status"></p>' +
      '<div class="answer" dir="auto"></div><footer class="foot"></footer>';
    log.append(article);
  }
  places.set(turn.id, turn.places);
  article.dataset.state = turn.state;
  for (const part of ["question", "evidence", "answer", "foot"]) fill(article.querySelector("." + part), turn[part]);
  const status = article.querySelector(".status");
  if (status.textContent !== turn.status) status.textContent = turn.status;
  if (turn.spoken && spoken.textContent !== turn.spoken) spoken.textContent = turn.spoken;
  document.body.classList.toggle("is-busy", turn.state === "running");
  if (opened?.turn === turn.id) markCurrent();
  if (article.querySelector(".source") && turn.state === "done" && !article.querySelector(".tools")) addTools(article);
  if (fresh) article.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function addTools(article) {
  const tools = document.createElement("p");
  tools.className = "tools";
  tools.innerHTML = '<button type="button" class="quiet" data-copy="answer">Copy answer</button>';
  article.append(tools);
}

function fill(target, html) {
  if (target.dataset.shown === html.length + ":" + hash(html)) return;
  target.dataset.shown = html.length + ":" + hash(html);
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  patch(target, fresh.content);
}

function hash(words) {
  let sum = 0;
  for (let i = 0; i < words.length; i++) sum = (sum * 31 + words.charCodeAt(i)) | 0;
  return sum;
}

// Makes the children of `old` those of `fresh`, keeping every node that is the same.
function patch(old, fresh) {
  const wanted = [...fresh.childNodes];
  for (let i = 0; i < wanted.length; i++) {
    const have = old.childNodes[i];
    const want = wanted[i];
    if (!have) old.append(want);
    else if (have.nodeType !== want.nodeType || have.nodeName !== want.nodeName) have.replaceWith(want);
    else if (want.nodeType === Node.TEXT_NODE) {
      if (have.data !== want.data) have.data = want.data;
    } else {
      for (const { name } of [...have.attributes]) if (!want.hasAttribute(name)) have.removeAttribute(name);
      for (const { name, value } of want.attributes) if (have.getAttribute(name) !== value) have.setAttribute(name, value);
      patch(have, want);
    }
  }
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

// --- the side panel ---

function open(turn, name, by) {
  const html = places.get(turn)?.[name];
  if (html === undefined) return;
  opened = { turn, name, by: by || opened?.by };
  inside.innerHTML = html;
  panel.hidden = false;
  document.body.classList.add("panel-open");
  markCurrent();
  const text = inside.querySelector(".page");
  const mark = inside.querySelector("mark");
  if (text && mark) text.scrollTop = Math.max(0, mark.offsetTop - text.offsetTop - text.clientHeight / 4);
  inside.querySelector("h2")?.focus({ preventScroll: true });
}

// Citations lead to citations and passages to passages, in order.
function siblings() {
  const group = opened.name[0];
  return Object.keys(places.get(opened.turn) ?? {})
    .filter((name) => name[0] === group)
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

function step(by) {
  const names = siblings();
  const next = names[names.indexOf(opened.name) + by];
  if (next) open(opened.turn, next);
}

function close() {
  if (panel.hidden) return;
  panel.hidden = true;
  document.body.classList.remove("panel-open");
  const back = opened?.by;
  opened = null;
  markCurrent();
  if (back?.isConnected) back.focus({ preventScroll: true });
}

// Shows in the conversation what is open, and in the panel whether there is more.
function markCurrent() {
  for (const button of log.querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  if (!opened) return;
  const names = siblings();
  for (const button of panel.querySelectorAll("[data-step]")) {
    button.disabled = !names[names.indexOf(opened.name) + Number(button.dataset.step)];
  }
  const article = document.getElementById(opened.turn);
  for (const button of article?.querySelectorAll(`[data-open="${opened.name}"]`) ?? []) button.setAttribute("aria-current", "true");
}

// --- what people do ---

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const turn = button.closest(".turn");
  if (button.dataset.open && turn) open(turn.id, button.dataset.open, button);
  else if (button.dataset.step) step(Number(button.dataset.step));
  else if ("close" in button.dataset) close();
  else if ("again" in button.dataset && turn) trigger("submit", { question: turn.querySelector(".question").textContent });
  else if (button.dataset.copy) copy(button, turn);
});

document.addEventListener("keydown", (event) => {
  if (panel.hidden || event.defaultPrevented) return;
  if (event.key === "Escape") close();
  else if (panel.contains(event.target) && event.key === "ArrowLeft") step(-1);
  else if (panel.contains(event.target) && event.key === "ArrowRight") step(1);
});

async function copy(button, turn) {
  const words = turn
    ? [turn.querySelector(".question"), turn.querySelector(".answer"), ...turn.querySelectorAll(".source")]
        .map((part) => part.innerText.trim())
        .join("\n\n")
    : inside.querySelector(".reference").textContent;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(words);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying was refused";
  }
  setTimeout(() => (button.textContent = label), 1500);
}

watch("value", () => show(props.value));
