"use strict";
// The page's own script: the switch of colours, and the browser of answers. It makes elements and texts, never markup.
(() => {
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

  function startBrowser(data) {
    const w = data.words;
    const state = { bench: data.benches[0], a: 0, b: -1, id: "", shown: [] };
    const named = (group, name) => data.names[group][name] || name;
    const fold = (text) => text.toLowerCase().replaceAll("ё", "е");
    const number = (value, digits) => value.toFixed(digits).replace(".", data.language === "ru" ? "," : ".");
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
      controls.form, note, element("div", { class: "bar" }, back, on, place, count),
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
      detail.replaceChildren(...details(state.bench.questions[n], n));
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

    function details(question, n) {
      const answers = pair(n);
      const facts = [named("kind", question.kind), question.domain && named("domain", question.domain),
        question.behavior && w.behavior + ": " + named("behavior", question.behavior), question.id].filter(Boolean);
      return [
        element("h3", { lang: question.language }, question.text),
        element("p", { class: "soft" }, facts.join(" · ") + " · ", element("a", { href: address() }, w.link)),
        question.reference && element("p", { class: "text" }, element("strong", null, w.reference + ": "),
          element("span", { lang: question.language }, question.reference)),
        question.options.length ? optionList(question, answers) : null,
        element("div", { class: "answers" }, answers.map((each) => answerCard(question, each))),
        ...passages(question, answers),
        question.quotes.length ? element("details", null, element("summary", null, w.evidence + " (" + question.quotes.length + ")"),
          question.quotes.map((quote) => element("blockquote", { lang: question.language }, quote))) : null,
      ].filter(Boolean);
    }

    function optionList(question, answers) {
      const items = question.options.map(([text, right], place) => {
        const who = answers.filter(({ answer }) => (answer.chosen || []).includes(place)).map((each) => each.who);
        return element("li", null, element("span", { lang: question.language }, text), " ",
          right ? element("span", { class: "badge better" }, "✓ " + w.right_option) : null,
          who.length ? element("span", { class: "badge" }, w.chosen_by.replace("{who}", who.join(", "))) : null);
      });
      return element("div", null, element("h4", null, w.options), element("ol", { class: "options" }, items));
    }

    function answerCard(question, { who, row, answer }) {
      const bench = state.bench;
      const verdict = answer.right === 1 ? ["better", "✓ " + w.right] : answer.right === 0 ? ["worse", "✗ " + w.wrong] : ["soft", w.unscored];
      const scores = bench.metrics.map((label, n) => [label, answer.scores[n], bench.digits[n]]).filter(([, value]) => value !== null);
      const fold = (title, text) => text && element("details", null, element("summary", { class: "soft" }, title),
        element("p", { class: "text", lang: question.language }, text));
      return element("article", { class: "answer", "aria-label": who + ": " + bench.rows[row] },
        element("header", null, element("h4", null, who + ". " + bench.rows[row]), element("span", null,
          element("span", { class: "badge " + verdict[0] }, verdict[1]),
          answer.refused ? element("span", { class: "badge" }, w.refused) : null)),
        answer.chosen && !answer.text ? null
          : element("p", { class: "text", lang: question.language }, answer.text || w.no_text),
        citationList(answer),
        (answer.dropped || []).map(([text, reason]) => element("p", { class: "soft" },
          element("span", { class: "worse" }, w.dropped + ", " + named("reason", reason) + ": "), text)),
        answer.reason ? element("p", { class: "text" }, element("strong", null, w.reason + ": "), answer.reason) : null,
        fold(w.raw, answer.raw),
        element("details", null, element("summary", { class: "soft" }, w.scores), element("dl", { class: "numbers" },
          scores.map(([label, value, digits]) => [element("dt", null, label), element("dd", null, number(value, digits))]))));
    }

    function citationList(answer) {
      const cites = answer.cites || [];
      if (!cites.length) return null;
      return element("div", { class: "soft" }, w.cites + ":", element("ul", null, cites.map(([marker, passage, start, end]) =>
        element("li", null, marker === null ? "" : "[" + marker + "] ",
          passage < 0 ? start + ": " + end : state.bench.passages[passage][0]))));
    }

    function passages(question, answers) {
      const shown = [...new Set(answers.flatMap(({ answer }) => answer.hits || []))];
      const all = [...shown, ...question.gold.filter((each) => !shown.includes(each))];
      if (!all.length) return [];
      const sample = (kind, label, tag) => element("span", null, element("mark", { class: kind }, label), element("span", { class: "tag" }, tag), " ");
      return [element("h4", null, w.passages + " (" + all.length + ")"),
        element("p", { class: "soft" }, w.legend + ": ", sample("gold", w.gold, "◆"), sample("cited", w.cited, w.a + "1")),
        ...all.map((each) => passageBox(question, answers, each))];
    }

    function passageBox(question, answers, number) {
      const [place, header, text, language] = state.bench.passages[number];
      const isGold = question.gold.includes(number);
      const spans = (question.spans[number] || []).map(([start, end]) => ({ start, end, kind: "gold", tag: "◆", said: w.gold }));
      const badges = isGold ? [element("span", { class: "badge better" }, "◆ " + w.gold)] : [];
      for (const { who, answer } of answers) {
        const cites = (answer.cites || []).filter(([, passage]) => passage === number);
        if (cites.length) badges.push(element("span", { class: "badge" }, w.cited_by.replace("{who}", who)
          + (cites.some(([, , start, end]) => start === end) ? ", " + w.whole : "")));
        spans.push(...cites.filter(([, , start, end]) => end > start).map(([marker, , start, end]) =>
          ({ start, end, kind: "cited", tag: who + (marker === null ? "" : marker), said: w.cited_by.replace("{who}", who) })));
      }
      const ranks = answers.map(({ who, answer }) => [who, (answer.hits || []).indexOf(number) + 1]).filter(([, rank]) => rank);
      const told = ranks.map(([who, rank]) => w.shown_to.replace("{who}", who).replace("{rank}", rank)).join(" · ") || w.not_shown;
      return element("details", { class: "passage", open: badges.length > 0 },
        element("summary", null, place, " ", element("span", { class: "soft" }, told), " ", badges),
        header ? element("p", { class: "text soft", lang: language || question.language }, header) : null,
        element("p", { class: "text", lang: language || question.language }, marked(text, spans)));
    }

    // the text with its spans marked; offsets count characters, not the halves that JavaScript cuts rare ones into
    function marked(text, spans) {
      const letters = Array.from(text);
      const cuts = [...new Set([0, letters.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((x, y) => x - y);
      return cuts.slice(0, -1).flatMap((from, n) => {
        const piece = letters.slice(from, cuts[n + 1]).join("");
        const over = spans.filter(({ start, end }) => start <= from && end >= cuts[n + 1]);
        const tags = spans.filter(({ start }) => start === from).map(({ tag, said }) =>
          element("span", { class: "tag", title: said }, tag, element("span", { class: "hidden" }, " " + said + " ")));
        if (!over.length) return [...tags, piece];
        return [...tags, element("mark", { class: [...new Set(over.map(({ kind }) => kind))].join(" ") }, piece)];
      });
    }
  }
})();
