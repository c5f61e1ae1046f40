// The list of conversations: beside the page where there is room, over it where there is none.
const shelf = element.closest("#shelf") ?? element;
const wide = matchMedia("(min-width: 75rem)");

function markShelf() {
  const shown = wide.matches ? !document.body.classList.contains("shelf-hidden") : document.body.classList.contains("shelf-over");
  document.getElementById("show-shelf")?.setAttribute("aria-expanded", String(shown));
  shelf.inert = !shown;
}

function setShelf(shown) {
  if (wide.matches) {
    document.body.classList.toggle("shelf-hidden", !shown);
    localStorage.setItem("shelf", shown ? "shown" : "hidden");
  } else {
    document.body.classList.toggle("shelf-over", shown);
  }
  markShelf();
  if (shown) shelf.querySelector("input")?.focus();
  else document.getElementById("show-shelf")?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#show-shelf, #hide-shelf");
  if (button) setShelf(button.id === "show-shelf" && button.getAttribute("aria-expanded") !== "true");
  else if (event.target.closest?.("button[data-chat]")) {
    document.body.classList.remove("shelf-over");
    notes.show("Chat");
  }
  markShelf();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#show-settings");
  if (!button) return;
  const settings = document.getElementById("settings");
  settings.hidden = !settings.hidden;
  button.setAttribute("aria-expanded", String(!settings.hidden));
  if (settings.hidden) return;
  notes.act("settings"); // the notes may have got new folders and tags since
  scrollTo({ top: 0 });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("shelf-over")) setShelf(false);
});

if (localStorage.getItem("shelf") === "hidden") document.body.classList.add("shelf-hidden");
wide.addEventListener("change", markShelf);
markShelf();
