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
  if (value.kind === "conversation") showConversation(value);
  else if (!cleared.has(value.id)) {
    if (value.conversation) name(value.conversation);
    for (const id of value.cut ?? []) if (id !== value.id) drop(id);
    showTurn(value, true);
    if (value.state !== "running") notes.act("chats", { words: search() });
  }
  document.body.classList.toggle("has-turns", log.childElementCount > 0);
}

function showConversation(value) {
  for (const article of log.children) cleared.add(article.id);
  for (const turn of value.turns) cleared.delete(turn.id);
  log.replaceChildren();
  places.clear();
  document.body.classList.remove("is-busy");
  close();
  name(value.id);
  for (const turn of value.turns) showTurn(turn, false);
  log.lastElementChild?.scrollIntoView({ block: "start" });
  if (!value.turns.length) scrollTo(0, 0);
}

// The conversation that is open stands in the address, so that it comes back when the page is loaded again.
function name(id) {
  const wanted = id ? "#chat=" + id : "";
  if (location.hash !== wanted) history.replaceState(null, "", location.pathname + wanted);
  document.body.dataset.chat = id;
  markChat();
}

function markChat() {
  const open = document.body.dataset.chat;
  for (const button of document.querySelectorAll("[data-chat]")) {
    if (button === document.body) continue;
    if (open && button.dataset.chat === open) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const out = document.getElementById("export");
  if (out) {
    out.hidden = !open;
    out.href = open ? "./chats/" + open + ".md" : "";
  }
}

function search() {
  return document.querySelector('#shelf [name="words"]')?.value ?? "";
}

function drop(id) {
  const article = document.getElementById(id);
  if (!article) return;
  if (opened?.turn === id) close();
  places.delete(id);
  cleared.add(id);
  article.remove();
}

const PARTS = ["question", "evidence", "answer", "foot", "tools", "next"];

function showTurn(turn, live) {
  let article = document.getElementById(turn.id);
  const fresh = !article;
  if (fresh) {
    article = document.createElement("article");
    article.id = turn.id;
    article.className = "turn";
    article.innerHTML =
      '<h2 class="question" dir="auto"></h2><section class="evidence"></section><p class="status"></p>' +
      '<div class="answer" dir="auto"></div><footer class="foot"></footer><div class="tools"></div><nav class="next"></nav>';
    article.querySelector(".next").setAttribute("aria-label", "Questions that may follow");
    log.append(article);
  }
  places.set(turn.id, turn.places ?? {});
  article.dataset.state = turn.state;
  for (const part of PARTS) notes.fill(article.querySelector("." + part), turn[part] ?? "");
  // Small talk has nothing to explain.
  for (const button of article.querySelectorAll(".tools [data-open]")) button.hidden = !(button.dataset.open in (turn.places ?? {}));
  const status = article.querySelector(".status");
  if (status.textContent !== turn.status) status.textContent = turn.status;
  if (live) {
    if (turn.spoken && spoken.textContent !== turn.spoken) spoken.textContent = turn.spoken;
    document.body.classList.toggle("is-busy", turn.state === "running");
  }
  if (opened?.turn === turn.id) markCurrent();
  if (fresh && live) article.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// --- asking, again and differently ---

function ask(question, replaces = "") {
  if (question.trim() && !document.body.classList.contains("is-busy")) trigger("submit", { question, replaces });
}

function edit(turn) {
  const heading = turn.querySelector(".question");
  if (turn.querySelector(".edit")) return;
  const form = document.createElement("div");
  form.className = "edit";
  form.innerHTML =
    '<textarea rows="3" aria-label="Question"></textarea><p class="note"></p>' +
    '<button type="button" class="quiet" data-edited>Ask</button> <button type="button" class="quiet" data-unedited>Cancel</button>';
  let after = 0;
  for (let next = turn.nextElementSibling; next; next = next.nextElementSibling) after += 1;
  form.querySelector(".note").textContent = after
    ? `The answer and the ${after === 1 ? "turn" : after + " turns"} after it are replaced.`
    : "The answer is replaced.";
  const field = form.querySelector("textarea");
  field.value = heading.textContent;
  heading.hidden = true;
  heading.after(form);
  field.focus();
}

function edited(turn, asking) {
  const form = turn.querySelector(".edit");
  if (!form) return;
  const words = form.querySelector("textarea").value;
  if (asking && !words.trim()) return;
  form.remove();
  turn.querySelector(".question").hidden = false;
  if (asking) ask(words, turn.id);
  else turn.querySelector("[data-edit]")?.focus();
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
  const text = inside.querySelector(".page:not([hidden])");
  const mark = text?.querySelector("mark");
  for (const button of panel.querySelectorAll("[data-copy], [data-step]")) button.hidden = !inside.querySelector(".reference");
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
  const does = button.dataset;
  if (does.open && turn) open(turn.id, does.open, button);
  else if (does.step) step(Number(does.step));
  else if ("close" in does) close();
  else if ("again" in does && turn) ask(turn.querySelector(".question").textContent, turn.id);
  else if ("ask" in does) ask(button.textContent);
  else if ("edit" in does) edit(turn);
  else if ("edited" in does) edited(turn, true);
  else if ("unedited" in does) edited(turn, false);
  else if ("source" in does) showSource(button);
  else if (does.copy) copy(button, turn);
});

// The page as it reads, or as it is written.
function showSource(button) {
  const source = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(source));
  inside.querySelector(".rendered").hidden = source;
  const text = inside.querySelector(".source-text");
  text.hidden = !source;
  const shown = source ? text : inside.querySelector(".rendered");
  const mark = shown.querySelector("mark");
  if (mark) shown.scrollTop = Math.max(0, mark.offsetTop - shown.offsetTop - shown.clientHeight / 4);
}

document.addEventListener("click", (event) => {
  const chat = event.target.closest?.("button[data-chat]");
  if (!chat) return;
  trigger("select", { id: chat.dataset.chat });
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  const editing = event.target.closest?.(".edit");
  if (editing && event.key === "Escape") return edited(editing.closest(".turn"), false);
  if (editing && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    return edited(editing.closest(".turn"), true);
  }
  if (panel.hidden) return;
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

notes.hear((reply) => {
  if (reply.tools !== undefined) {
    const tools = document.getElementById(reply.turn)?.querySelector(".tools");
    if (tools) notes.fill(tools, reply.tools);
    for (const button of tools?.querySelectorAll("[data-open]") ?? [])
      button.hidden = places.get(reply.turn)?.[button.dataset.open] === undefined;
  }
  if (reply.gone && reply.gone === document.body.dataset.chat) trigger("select", { id: "" });
  if (reply.parts?.chats) markChat();
});

watch("value", () => show(props.value));

const wanted = /^#chat=([\w-]+)$/.exec(location.hash);
if (wanted) setTimeout(() => trigger("select", { id: wanted[1] }), 0);
