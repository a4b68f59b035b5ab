"use strict";
// Script of the page: the theme switch, and helpers shared with browser.js and question.js, which are appended to it.
// Content is always inserted as text, never as markup.

const page = document.documentElement;
const savedTheme = (() => { try { return localStorage.getItem("opora-theme"); } catch { return null; } })();
if (savedTheme === "light" || savedTheme === "dark") page.dataset.theme = savedTheme;

document.addEventListener("DOMContentLoaded", () => {
  startThemeSwitch();
  const dataElement = document.getElementById("answers-data");
  if (dataElement) startBrowser(JSON.parse(dataElement.textContent));
});

function startThemeSwitch() {
  const select = document.getElementById("theme");
  select.value = page.dataset.theme || "auto";
  select.parentElement.hidden = false;
  select.addEventListener("change", () => {
    if (select.value === "auto") delete page.dataset.theme; else page.dataset.theme = select.value;
    try { localStorage.setItem("opora-theme", select.value); } catch { /* without storage the choice is not saved */ }
  });
}

// Create an element: element("p", {class: "soft"}, "text", child). Children that are null or "" are skipped.
function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// Display name of a value such as a question type; unknown values are shown unchanged.
function displayName(data, group, value) { return data.names[group][value] || value; }
