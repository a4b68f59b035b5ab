// One question: its answers, and the passages with their marks. `makeView` gives the function
// that makes the elements of a question of that benchmark.
function makeView(data, bench) {
  const w = data.words;
  const named = (group, name) => data.names[group][name] || name;
  const number = (value, digits) => value.toFixed(digits).replace(".", data.language === "ru" ? "," : ".");
  return details;

  function details(question, answers, address) {
    const facts = [named("kind", question.kind), question.domain && named("domain", question.domain),
      question.behavior && w.behavior + ": " + named("behavior", question.behavior), question.id].filter(Boolean);
    return [
      element("h3", { lang: question.language }, question.text),
      element("p", { class: "soft" }, facts.join(" · ") + " · ", element("a", { href: address }, w.link)),
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
        passage < 0 ? start + ": " + end : bench.passages[passage][0]))));
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
    const [place, header, text, language] = bench.passages[number];
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
