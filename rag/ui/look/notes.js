// What every part of the page shares: putting HTML in place, calling the server, hearing of its state. All HTML that arrives here
// was made safe by the server (rag/ui/markup.py).

window.notes ??= (() => {
  // --- putting HTML in place ---

  const edited = new WeakSet(); // fields that a reader has changed and not sent: what the server knows of them is older

  // Makes the children of `old` those of `fresh`, keeping every node that is the same.
  function patch(old, fresh) {
    const wanted = [...fresh.childNodes];
    for (let i = 0; i < wanted.length; i++) {
      const have = old.childNodes[i];
      const want = wanted[i];
      if (!have) old.append(want);
      else if (have.nodeType !== want.nodeType || have.nodeName !== want.nodeName || have.id !== want.id) have.replaceWith(want);
      else if (want.nodeType === Node.TEXT_NODE) {
        if (have.data !== want.data) have.data = want.data;
      } else {
        for (const { name } of [...have.attributes]) {
          // What a reader opened stays open.
          if (!want.hasAttribute(name) && !(name === "open" && have.nodeName === "DETAILS")) have.removeAttribute(name);
        }
        for (const { name, value } of want.attributes) if (have.getAttribute(name) !== value) have.setAttribute(name, value);
        patch(have, want);
        const says = want.nodeName === "SELECT" || want.hasAttribute("value");
        if (says && "value" in have && have.value !== want.value && !edited.has(have)) have.value = want.value;
      }
    }
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  }

  function fill(target, html) {
    const key = html.length + ":" + hash(html);
    if (target.dataset.shown === key) return;
    target.dataset.shown = key;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    patch(target, fresh.content);
  }

  function hash(words) {
    let sum = 0;
    for (let i = 0; i < words.length; i++) sum = (sum * 31 + words.charCodeAt(i)) | 0;
    return sum;
  }

  // --- calling the server ---

  const hearers = []; // called with each reply
  const timers = new Map(); // what is called later, by name
  const calls = new Map(); // how often each action was called: a reply that came too late is dropped

  async function act(name, args = {}, target = null) {
    const call = (calls.get(name) ?? 0) + 1;
    calls.set(name, call);
    target?.setAttribute("aria-busy", "true");
    let reply;
    try {
      const response = await fetch("./do/" + name, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
      });
      if (response.status === 401) return void location.reload();
      reply = await response.json();
    } catch {
      reply = { problem: "The server does not answer. It may be starting again." };
    } finally {
      target?.removeAttribute("aria-busy");
    }
    if (calls.get(name) === call) take(reply);
    return reply;
  }

  function take(reply) {
    for (const [name, html] of Object.entries(reply.parts ?? {})) {
      for (const place of document.querySelectorAll(`[data-part="${name}"]`)) fill(place, html);
    }
    if (reply.problem) say(reply.problem, true);
    else if (reply.said) say(reply.said);
    if (reply.focus) document.querySelector(`[data-part="${reply.focus}"]`)?.querySelector("[tabindex], input, button")?.focus();
    if (reply.look) setTimeout(listen.now, 300);
    if (reply.poll) {
      clearTimeout(timers.get(reply.poll.name));
      timers.set(
        reply.poll.name,
        setTimeout(() => act(reply.poll.name, reply.poll.arguments ?? {}), reply.poll.after_s * 1000),
      );
    }
    for (const hear of hearers) hear(reply);
  }

  // A line at the foot of the page, gone after a while; read out by screen readers.
  function say(words, wrong = false) {
    let line = document.getElementById("said");
    if (!line) {
      line = document.createElement("p");
      line.id = "said";
      line.setAttribute("role", "status");
      document.body.append(line);
    }
    line.textContent = words;
    line.className = wrong ? "wrong shown" : "shown";
    clearTimeout(timers.get("said"));
    timers.set("said", setTimeout(() => (line.className = ""), wrong ? 8000 : 3000));
  }

  // Arguments of a control: its own, and what stands in the fields of its form.
  function argumentsOf(control) {
    const args = { ...JSON.parse(control.dataset.arguments || "{}") };
    for (const field of control.closest("[data-fields]")?.querySelectorAll("[name]") ?? []) {
      if (field.type === "checkbox") args[field.name] = field.checked;
      else if (field.type !== "radio" || field.checked) args[field.name] = field.value;
    }
    return args;
  }

  async function press(button) {
    const sure = button.dataset.sure;
    if (sure && !button.dataset.asked) {
      button.dataset.asked = button.textContent;
      button.textContent = sure;
      const relax = () => {
        if (button.dataset.asked) button.textContent = button.dataset.asked;
        delete button.dataset.asked;
      };
      button.addEventListener("blur", relax, { once: true });
      return;
    }
    delete button.dataset.asked;
    const args = argumentsOf(button);
    // What stands in the fields is sent: the reply says what they hold now, also where it is what they held before.
    for (const field of button.closest("[data-fields]")?.querySelectorAll("[name]") ?? []) edited.delete(field);
    delete button.closest("[data-part]")?.dataset.shown;
    if (button.dataset.tab) {
      show(button.dataset.tab);
      await placed(button.dataset.do);  // the part is called as what fills it
    }
    act(button.dataset.do, args, button);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-do]");
    if (button && !button.disabled) press(button);
    const tab = event.target.closest?.("[data-tab]:not([data-do])");
    if (tab) show(tab.dataset.tab);
  });

  document.addEventListener("input", (event) => {
    edited.add(event.target);
    const name = event.target.dataset?.type;
    if (!name) return;
    clearTimeout(timers.get("type"));
    timers.set(
      "type",
      setTimeout(() => act(name, argumentsOf(event.target)), event.target.nodeName === "SELECT" ? 0 : 180),
    );
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || field.nodeName !== "INPUT" || event.isComposing) return;
    const button = field.closest("[data-fields]")?.querySelector("[data-enter]");
    if (!button) return;
    event.preventDefault();
    press(button);
  });

  // --- what is loaded when it comes into view ---

  // When its tab is opened, and not when it is scrolled back into view: what a reader has opened meanwhile stays.
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      if (!isIntersecting) {
        if (!boundingClientRect.width) delete target.dataset.loaded;
      } else if (!("loaded" in target.dataset)) {
        target.dataset.loaded = "";
        act(target.dataset.load, {}, target);
      }
    }
  });

  function find() {
    for (const place of document.querySelectorAll("[data-load]:not([data-watched])")) {
      place.dataset.watched = "";
      seen.observe(place);
    }
  }

  function show(name) {
    for (const tab of document.querySelectorAll('#tabs [role="tab"]')) if (tab.textContent.trim() === name) tab.click();
  }

  // A tab's parts come some time after it was opened.
  async function placed(name) {
    for (let tries = 0; tries < 60 && !document.querySelector(`[data-part="${name}"]`); tries += 1) {
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  // An address that ends in #page=PATH:LINE opens that page of the notes, as the citations that programs get do.
  function follow() {
    const wanted = /^#page=(.+?)(?::\d+)?$/.exec(location.hash);
    if (!wanted) return;
    show("Knowledge base");
    setTimeout(() => placed("pages-main").then(() => act("page", { path: decodeURIComponent(wanted[1]) })), 400);
  }

  // --- what the server says of itself ---

  let instance = null;
  let failures = 0;

  async function listen() {
    let wait = 3;
    try {
      const response = await fetch("./status", { cache: "no-store" });
      if (response.status === 401) return void location.reload();
      if (!response.ok) throw new Error(response.statusText);
      const state = await response.json();
      // Another process answers: what this page knows of its session is gone with the old one.
      if (instance && instance !== state.instance) return void location.reload();
      instance = state.instance;
      if (failures) say("The server is back.");
      failures = 0;
      wait = state.wait_s;
      take(state);
    } catch {
      failures += 1;
      wait = Math.min(1 + failures, 5);
    }
    document.body.classList.toggle("server-gone", failures > 1);
    const gone = document.getElementById("gone");
    if (gone) gone.textContent = failures > 1 ? "The server does not answer. This page connects again by itself." : "";
    clearTimeout(timers.get("status"));
    timers.set("status", setTimeout(listen, (document.hidden ? 10 : wait) * 1000));
  }
  listen.now = () => listen();

  // Run by the first part of the page that needs it, which is after the page was read.
  function start() {
    const gone = document.createElement("p");
    gone.id = "gone";
    gone.setAttribute("role", "alert");
    document.body.prepend(gone);
    addEventListener("hashchange", follow);
    new MutationObserver(() => {
      find();
      if (document.querySelector('#tabs [role="tab"]') && !document.body.dataset.followed) {
        document.body.dataset.followed = "";
        follow();
      }
    }).observe(document.body, { childList: true, subtree: true });
    listen();
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();

  return { act, fill, say, show, hear: (hearer) => hearers.push(hearer) };
})();
