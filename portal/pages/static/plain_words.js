// Counts what is typed, and tells beside a box which words are hard, a moment after typing stops.
// Without it, saving tells the same.
"use strict";

const PAUSE = 900; // milliseconds without a key

for (const form of document.querySelectorAll("form[data-plain]")) {
  const places = new Map();
  for (const place of form.querySelectorAll("[data-beside]")) places.set(place.dataset.beside, place);
  form.addEventListener("input", (event) => {
    const box = event.target;
    const count = document.getElementById(`${box.name}/count`);
    if (count) count.replaceChildren(`${[...box.value].length}/${count.dataset.most}`);
    const place = places.get(box.name);
    if (!place) return;
    clearTimeout(place.waits);
    place.replaceChildren(); // what stood there was said of other words
    place.waits = setTimeout(() => look(form, box, place), PAUSE);
  });
}

async function look(form, box, place) {
  const text = box.value;
  if (!text.trim()) return;
  const sent = new URLSearchParams({ text, of: box.name.slice(-2), csrf: form.elements.csrf.value });
  try {
    const answer = await fetch(form.dataset.plain, { method: "POST", body: sent });
    if (answer.ok && box.value === text) place.innerHTML = await answer.text();
  } catch {
    // Away for a moment: saving tells the same.
  }
}
