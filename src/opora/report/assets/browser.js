// The browser of answers: filters, two rows of the table side by side, passages with their marks.
function startBrowser(data) {
  const w = data.words;
  const state = { bench: data.benches[0], a: 0, b: -1, id: "", shown: [], view: null };
  const named = (group, name) => data.names[group][name] || name;
  const fold = (text) => text.toLowerCase().replaceAll("ё", "е");
  const section = document.getElementById("answers");
  const controls = makeControls();
  const list = element("ul", { class: "list", role: "listbox", tabindex: "0", "aria-label": w.list });
  const detail = element("div", { class: "detail" });
  const count = element("output", { class: "soft" });
  const place = element("span", { class: "soft", role: "status" });
  const back = element("button", { type: "button" }, "← " + w.previous);
  const on = element("button", { type: "button" }, w.next + " →");
  const note = element("p", { class: "soft" });

  document.getElementById("browser").append(
    controls.form, note, element("div", null, count), element("div", { class: "bar" }, back, on, place),
    element("div", { class: "columns" }, list, detail));
  back.addEventListener("click", () => step(-1));
  on.addEventListener("click", () => step(1));
  section.addEventListener("keydown", onKey);
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) show(item.dataset.id);
  });
  for (const link of document.querySelectorAll("a[data-bench]")) {
    link.addEventListener("click", () => open(data.benches.find((each) => each.name === link.dataset.bench)));
  }
  window.addEventListener("hashchange", fromHash);
  open(state.bench);
  fromHash();

  function makeControls() {
    const made = {};
    const form = element("form", { class: "filters", role: "search", "aria-label": w.filters });
    const add = (name, label, control) => {
      control.id = "filter-" + name;
      made[name] = control;
      form.append(element("label", { for: control.id }, label, control));
    };
    if (data.benches.length > 1) add("bench", w.bench, element("select"));
    for (const name of ["a", "b", "kind", "domain", "language", "behavior", "outcome"]) add(name, w[name], element("select"));
    add("search", w.search, element("input", { type: "search", placeholder: w.search_hint, autocomplete: "off" }));
    form.append(element("button", { type: "reset" }, w.reset));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => { event.preventDefault(); clear(); filter(); });
    form.addEventListener("input", (event) => changed(event.target));
    if (made.bench) fill(made.bench, data.benches.map((each, n) => [n, each.name]));
    return { form, ...made };
  }

  function fill(select, options) {
    select.replaceChildren(...options.map(([value, label]) => element("option", { value }, label)));
  }

  function changed(control) {
    if (control === controls.bench) { open(data.benches[Number(control.value)]); return; }
    state.a = Number(controls.a.value);
    state.b = Number(controls.b.value);
    filter();
  }

  function clear() {
    for (const name of ["kind", "domain", "language", "behavior", "outcome", "search"]) controls[name].value = "";
  }

  // another benchmark: its rows, and what its questions can be filtered by
  function open(bench) {
    state.bench = bench;
    state.view = makeView(data, bench);
    state.a = 0;
    state.b = bench.rows.length > 1 ? 1 : -1;
    if (controls.bench) controls.bench.value = String(data.benches.indexOf(bench));
    const rows = bench.rows.map((name, n) => [n, name]);
    fill(controls.a, rows);
    fill(controls.b, [[-1, w.nobody], ...rows]);
    controls.a.value = state.a;
    controls.b.value = state.b;
    for (const name of ["kind", "domain", "language", "behavior"]) {
      const values = [...new Set(bench.questions.map((each) => each[name]))].filter(Boolean);
      fill(controls[name], [["", w.any], ...values.map((value) => [value, data.names[name] ? named(name, value) : value])]);
      controls[name].parentElement.hidden = values.length < 2;
    }
    const outcomes = ["right_a", "wrong_a", "refused_a", "right_b", "wrong_b", "better_a", "better_b", "both_right", "both_wrong"];
    fill(controls.outcome, [["", w.any], ...outcomes.map((name) => [name, w[name]])]);
    note.textContent = [
      bench.right && w.by.replace("{metric}", bench.right),
      bench.rows.length < bench.all && w.left_out.replace("{shown}", bench.rows.length).replace("{all}", bench.all)
        .replace("{file}", "bench/" + bench.name + "/answers.jsonl"),
    ].filter(Boolean).join(" ");
    clear();
    state.id = "";
    filter();
  }

  function answerOf(row, n) { return row < 0 ? null : state.bench.answers[row][n]; }

  function fits(question, n) {
    const [a, b] = [answerOf(state.a, n), answerOf(state.b, n)];
    for (const name of ["kind", "domain", "language", "behavior"]) {
      if (controls[name].value && controls[name].value !== question[name]) return false;
    }
    const right = (answer) => Boolean(answer) && answer.right === 1;
    const wrong = (answer) => Boolean(answer) && answer.right === 0;
    const outcomes = {
      right_a: right(a), wrong_a: wrong(a), refused_a: Boolean(a && a.refused), right_b: right(b), wrong_b: wrong(b),
      better_a: right(a) && wrong(b), better_b: wrong(a) && right(b), both_right: right(a) && right(b),
      both_wrong: wrong(a) && wrong(b),
    };
    if (controls.outcome.value && !outcomes[controls.outcome.value]) return false;
    const wanted = fold(controls.search.value.trim());
    const texts = [question.id, question.text, question.reference, a && a.text, b && b.text];
    return !wanted || texts.some((text) => text && fold(text).includes(wanted));
  }

  function filter() {
    const questions = state.bench.questions;
    state.shown = questions.map((_, n) => n).filter((n) => fits(questions[n], n));
    list.replaceChildren(...state.shown.map(item));
    count.textContent = w.shown.replace("{n}", state.shown.length).replace("{all}", questions.length);
    const still = state.shown.some((n) => questions[n].id === state.id);
    if (state.shown.length) show(still ? state.id : questions[state.shown[0]].id, !state.id);
    else { detail.replaceChildren(element("p", null, w.nothing)); place.textContent = ""; back.disabled = on.disabled = true; }
  }

  function item(n) {
    const question = state.bench.questions[n];
    const marks = [[w.a, answerOf(state.a, n)], [w.b, answerOf(state.b, n)]].filter(([, answer]) => answer)
      .map(([who, answer]) => who + " " + sign(answer) + (answer.refused ? " " + w.refused : ""));
    return element("li", { role: "option", id: "question-" + n, "data-id": question.id, "aria-selected": "false" },
      element("span", { lang: question.language }, question.text),
      element("span", { class: "marks" }, [named("kind", question.kind), ...marks].join(" · ")));
  }

  function sign(answer) { return answer.right === 1 ? "✓" : answer.right === 0 ? "✗" : "–"; }

  function at() { return state.shown.findIndex((n) => state.bench.questions[n].id === state.id); }

  function step(by) {
    const next = state.shown[Math.min(state.shown.length - 1, Math.max(0, at() + by))];
    if (next === undefined) return;
    show(state.bench.questions[next].id);
    if (detail.getBoundingClientRect().top < 0) detail.scrollIntoView();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const inside = event.target === list;
    const by = { KeyJ: 1, ArrowRight: 1, KeyK: -1, ArrowLeft: -1, ...(inside && {
      ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e9, End: 1e9 }) }[event.code];
    if (by) { event.preventDefault(); step(by); }
  }

  // the question of an id, which the address then names, unless it is the first that anyone sees
  function show(id, quietly) {
    state.id = id;
    const n = state.bench.questions.findIndex((each) => each.id === id);
    for (const each of list.children) each.setAttribute("aria-selected", String(each.dataset.id === id));
    const chosen = document.getElementById("question-" + n);
    list.setAttribute("aria-activedescendant", chosen ? chosen.id : "");
    if (chosen) {
      const [top, bottom] = [chosen.offsetTop - list.offsetTop, chosen.offsetTop - list.offsetTop + chosen.offsetHeight];
      if (top < list.scrollTop) list.scrollTop = top;
      if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
    }
    place.textContent = (at() + 1) + " / " + state.shown.length;
    back.disabled = at() <= 0;
    on.disabled = at() >= state.shown.length - 1;
    detail.replaceChildren(...state.view(state.bench.questions[n], pair(n), address()));
    if (!quietly) try { history.replaceState(null, "", address()); } catch { /* an address that cannot change */ }
  }

  function address() {
    const told = new URLSearchParams({ q: state.bench.name + "/" + state.id, a: state.bench.rows[state.a] });
    if (state.b >= 0) told.set("b", state.bench.rows[state.b]);
    return "#" + told;
  }

  function fromHash() {
    if (!location.hash.startsWith("#q=")) return;
    const told = new URLSearchParams(location.hash.slice(1));
    const [, name, id] = told.get("q").match(/^([^/]*)\/(.*)$/s) || [];
    const bench = data.benches.find((each) => each.name === name);
    if (!bench || !bench.questions.some((each) => each.id === id)) return;
    open(bench);
    state.a = Math.max(0, bench.rows.indexOf(told.get("a")));
    state.b = told.has("b") ? bench.rows.indexOf(told.get("b")) : -1;
    controls.a.value = state.a;
    controls.b.value = state.b;
    state.id = id;
    filter();
    section.scrollIntoView();
  }

  function pair(n) {
    return [[w.a, state.a], [w.b, state.b]].map(([who, row]) => ({ who, row, answer: answerOf(row, n) }))
      .filter(({ answer }) => answer);
  }
}
