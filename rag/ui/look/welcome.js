// The example questions: a click asks one.
element.addEventListener("click", (event) => {
  const chosen = event.target.closest("button.example");
  if (chosen) trigger("submit", { question: chosen.textContent });
});
