// Answer browser: filters, the answers of two rows side by side, and a list of questions.
function startBrowser(data) {
  const w = data.words;
  const FILTERS = ["question_type", "domain", "language", "behavior"];
  const OUTCOMES = ["right_a", "wrong_a", "refused_a", "right_b", "wrong_b", "better_a", "better_b", "both_right", "both_wrong"];
  // a, b: numbers of the two rows, -1 for none; visible: numbers of the questions that pass the filters
  const state = { bench: data.benches[0], a: 0, b: -1, id: "", visible: [], renderQuestion: null };
  const section = document.getElementById("answers");
  const controls = makeControls();
  const list = element("ul", { class: "list", role: "listbox", tabindex: "0", "aria-label": w.list });
  const detail = element("div", { class: "detail" });
  const count = element("output", { class: "soft" });
  const position = element("span", { class: "soft", role: "status" });
  const previous = element("button", { type: "button" }, "← " + w.previous);
  const next = element("button", { type: "button" }, w.next + " →");
  const note = element("p", { class: "soft" });

  document.getElementById("browser").append(
    controls.form, note, element("div", null, count), element("div", { class: "bar" }, previous, next, position),
    element("div", { class: "columns" }, list, detail));
  previous.addEventListener("click", () => moveBy(-1));
  next.addEventListener("click", () => moveBy(1));
  section.addEventListener("keydown", onKey);
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) showQuestion(item.dataset.id);
  });
  for (const link of document.querySelectorAll("a[data-bench]")) {
    link.addEventListener("click", () => openBench(data.benches.find((bench) => bench.name === link.dataset.bench)));
  }
  window.addEventListener("hashchange", openAddress);
  openBench(state.bench);
  openAddress();

  function makeControls() {
    const byName = {};
    const form = element("form", { class: "filters", role: "search", "aria-label": w.filters });
    const add = (name, label, control) => {
      control.id = "filter-" + name;
      byName[name] = control;
      form.append(element("label", { for: control.id }, label, control));
    };
    if (data.benches.length > 1) add("bench", w.bench, element("select"));
    for (const name of ["a", "b", ...FILTERS, "outcome"]) add(name, w[name], element("select"));
    add("search", w.search, element("input", { type: "search", placeholder: w.search_hint, autocomplete: "off" }));
    form.append(element("button", { type: "reset" }, w.reset));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => { event.preventDefault(); clearFilters(); applyFilters(); });
    form.addEventListener("input", (event) => onInput(event.target));
    if (byName.bench) setOptions(byName.bench, data.benches.map((bench, n) => [n, bench.name]));
    return { form, ...byName };
  }

  function setOptions(select, options) {
    select.replaceChildren(...options.map(([value, label]) => element("option", { value }, label)));
  }

  function onInput(control) {
    if (control === controls.bench) { openBench(data.benches[Number(control.value)]); return; }
    state.a = Number(controls.a.value);
    state.b = Number(controls.b.value);
    applyFilters();
  }

  function clearFilters() {
    for (const name of [...FILTERS, "outcome", "search"]) controls[name].value = "";
  }

  // Switch to a benchmark: offer its rows, and filters by the values of its questions.
  function openBench(bench) {
    state.bench = bench;
    state.renderQuestion = makeQuestionView(data, bench);
    state.a = 0;
    state.b = bench.rows.length > 1 ? 1 : -1;
    if (controls.bench) controls.bench.value = String(data.benches.indexOf(bench));
    const rows = bench.rows.map((name, n) => [n, name]);
    setOptions(controls.a, rows);
    setOptions(controls.b, [[-1, w.nobody], ...rows]);
    controls.a.value = state.a;
    controls.b.value = state.b;
    for (const name of FILTERS) {
      const values = [...new Set(bench.questions.map((question) => question[name]))].filter(Boolean);
      const labels = values.map((value) => [value, data.names[name] ? displayName(data, name, value) : value]);
      setOptions(controls[name], [["", w.any], ...labels]);
      controls[name].parentElement.hidden = values.length < 2;
    }
    setOptions(controls.outcome, [["", w.any], ...OUTCOMES.map((name) => [name, w[name]])]);
    note.textContent = [
      bench.right && w.by.replace("{metric}", bench.right),
      bench.rows.length < bench.all && w.left_out.replace("{shown}", bench.rows.length).replace("{all}", bench.all)
        .replace("{file}", "bench/" + bench.name + "/answers.jsonl"),
    ].filter(Boolean).join(" ");
    clearFilters();
    state.id = "";
    applyFilters();
  }

  function answerOf(row, n) { return row < 0 ? null : state.bench.answers[row][n]; }

  function passesFilters(question, n) {
    if (FILTERS.some((name) => controls[name].value && controls[name].value !== question[name])) return false;
    const [a, b] = [answerOf(state.a, n), answerOf(state.b, n)];
    const right = (answer) => Boolean(answer) && answer.right === 1;
    const wrong = (answer) => Boolean(answer) && answer.right === 0;
    const outcomes = {
      right_a: right(a), wrong_a: wrong(a), refused_a: Boolean(a && a.refused), right_b: right(b), wrong_b: wrong(b),
      better_a: right(a) && wrong(b), better_b: wrong(a) && right(b), both_right: right(a) && right(b),
      both_wrong: wrong(a) && wrong(b),
    };
    if (controls.outcome.value && !outcomes[controls.outcome.value]) return false;
    const query = foldLetters(controls.search.value.trim());
    const texts = [question.id, question.text, question.reference, a && a.text, b && b.text];
    return !query || texts.some((text) => text && foldLetters(text).includes(query));
  }

  // Lower-case letters, with ё as е.
  function foldLetters(text) { return text.toLowerCase().replaceAll("ё", "е"); }

  function applyFilters() {
    const questions = state.bench.questions;
    state.visible = questions.map((_, n) => n).filter((n) => passesFilters(questions[n], n));
    list.replaceChildren(...state.visible.map(listItem));
    count.textContent = w.shown.replace("{n}", state.visible.length).replace("{all}", questions.length);
    const stillVisible = state.visible.some((n) => questions[n].id === state.id);
    if (state.visible.length) {
      showQuestion(stillVisible ? state.id : questions[state.visible[0]].id, { keepAddress: !state.id });
    } else {
      detail.replaceChildren(element("p", null, w.nothing));
      position.textContent = "";
      previous.disabled = next.disabled = true;
    }
  }

  function listItem(n) {
    const question = state.bench.questions[n];
    const outcomes = [[w.a, answerOf(state.a, n)], [w.b, answerOf(state.b, n)]].filter(([, answer]) => answer)
      .map(([label, answer]) => label + " " + outcomeSign(answer) + (answer.refused ? " " + w.refused : ""));
    return element("li", { role: "option", id: "question-" + n, "data-id": question.id, "aria-selected": "false" },
      element("span", { lang: question.language }, question.text),
      element("span", { class: "marks" }, [displayName(data, "question_type", question.question_type), ...outcomes].join(" · ")));
  }

  function outcomeSign(answer) { return answer.right === 1 ? "✓" : answer.right === 0 ? "✗" : "–"; }

  function currentPosition() { return state.visible.findIndex((n) => state.bench.questions[n].id === state.id); }

  function moveBy(steps) {
    const target = state.visible[Math.min(state.visible.length - 1, Math.max(0, currentPosition() + steps))];
    if (target === undefined) return;
    showQuestion(state.bench.questions[target].id);
    if (detail.getBoundingClientRect().top < 0) detail.scrollIntoView();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const inList = event.target === list;
    const steps = { KeyJ: 1, ArrowRight: 1, KeyK: -1, ArrowLeft: -1, ...(inList && {
      ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e9, End: 1e9 }) }[event.code];
    if (steps) { event.preventDefault(); moveBy(steps); }
  }

  // Show a question and put it into the address, except for the first question of a page that was just opened.
  function showQuestion(id, { keepAddress = false } = {}) {
    state.id = id;
    const n = state.bench.questions.findIndex((question) => question.id === id);
    for (const item of list.children) item.setAttribute("aria-selected", String(item.dataset.id === id));
    const selected = document.getElementById("question-" + n);
    list.setAttribute("aria-activedescendant", selected ? selected.id : "");
    if (selected) scrollIntoList(selected);
    position.textContent = (currentPosition() + 1) + " / " + state.visible.length;
    previous.disabled = currentPosition() <= 0;
    next.disabled = currentPosition() >= state.visible.length - 1;
    detail.replaceChildren(...state.renderQuestion(state.bench.questions[n], selectedAnswers(n), addressOf()));
    if (!keepAddress) try { history.replaceState(null, "", addressOf()); } catch { /* the address cannot be changed */ }
  }

  // Scroll the list, but not the page, to an item.
  function scrollIntoList(item) {
    const top = item.offsetTop - list.offsetTop;
    const bottom = top + item.offsetHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  }

  function addressOf() {
    const parameters = new URLSearchParams({ q: state.bench.name + "/" + state.id, a: state.bench.rows[state.a] });
    if (state.b >= 0) parameters.set("b", state.bench.rows[state.b]);
    return "#" + parameters;
  }

  function openAddress() {
    if (!location.hash.startsWith("#q=")) return;
    const parameters = new URLSearchParams(location.hash.slice(1));
    const [, name, id] = parameters.get("q").match(/^([^/]*)\/(.*)$/s) || [];
    const bench = data.benches.find((candidate) => candidate.name === name);
    if (!bench || !bench.questions.some((question) => question.id === id)) return;
    openBench(bench);
    state.a = Math.max(0, bench.rows.indexOf(parameters.get("a")));
    state.b = parameters.has("b") ? bench.rows.indexOf(parameters.get("b")) : -1;
    controls.a.value = state.a;
    controls.b.value = state.b;
    state.id = id;
    applyFilters();
    section.scrollIntoView();
  }

  // The answers of the two selected rows to question n.
  function selectedAnswers(n) {
    return [[w.a, state.a], [w.b, state.b]].map(([label, row]) => ({ label, row, answer: answerOf(row, n) }))
      .filter(({ answer }) => answer);
  }
}
