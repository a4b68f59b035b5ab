"use strict";
// The page's own script: the switch of colours; browser.js, which follows it, lets one leaf through the answers. Both make
// elements and texts, never markup.

const page = document.documentElement;
const kept = (() => { try { return localStorage.getItem("opora-theme"); } catch { return null; } })();
if (kept === "light" || kept === "dark") page.dataset.theme = kept;

document.addEventListener("DOMContentLoaded", () => {
  startTheme();
  const holder = document.getElementById("answers-data");
  if (holder) startBrowser(JSON.parse(holder.textContent));
});

function startTheme() {
  const select = document.getElementById("theme");
  select.value = page.dataset.theme || "auto";
  select.parentElement.hidden = false;
  select.addEventListener("change", () => {
    if (select.value === "auto") delete page.dataset.theme; else page.dataset.theme = select.value;
    try { localStorage.setItem("opora-theme", select.value); } catch { /* a page without storage forgets it */ }
  });
}

// element("p", {class: "soft"}, "text", child): an element; children that are null or "" are left out
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}
