"use strict";
(() => {
  const groups = [...document.querySelectorAll("details.g")];
  const find = document.querySelector(".find");
  if (!find) return;
  const field = find.querySelector("input");
  const found = find.querySelector("output");
  const boxes = [...document.querySelectorAll("fieldset input")];
  const opened = new Map(groups.map((group) => [group, group.open]));
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = boxes.filter((box) => !box.checked).map((box) => box.id.slice(2));
    let count = 0;
    for (const group of groups) {
      const name = textOf(group.querySelector("summary"));
      let any = false;
      for (const item of group.querySelectorAll("li")) {
        const hit = words.every((word) => name.includes(word) || textOf(item).includes(word));
        item.hidden = !hit;
        if (hit && !off.some((kind) => item.classList.contains(kind))) {
          any = true;
          count += 1;
        }
      }
      group.hidden = !any;
      group.open = words.length ? any && count <= 200 : opened.get(group);
    }
    found.textContent = words.length || off.length ? `${count} shown` : "";
  };
  let waiting;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  for (const box of boxes) box.addEventListener("change", show);
  addEventListener("beforeprint", () => groups.forEach((group) => { group.open = true; }));
  find.hidden = false;
})();
