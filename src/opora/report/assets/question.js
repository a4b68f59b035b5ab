// Elements of one question: the answers side by side, and the passages with evidence and citations marked.
// `makeQuestionView` returns the function that renders a question of one benchmark.
function makeQuestionView(data, bench) {
  const w = data.words;
  const formatNumber = (value, digits) => value.toFixed(digits).replace(".", data.decimal);
  return renderQuestion;

  // answers: [{label: "A", row: 0, answer: {...}}, ...]
  function renderQuestion(question, answers, address) {
    const facts = [displayName(data, "question_type", question.question_type), question.domain && displayName(data, "domain", question.domain),
      question.behavior && w.behavior + ": " + displayName(data, "behavior", question.behavior), question.id].filter(Boolean);
    return [
      element("h3", { lang: question.language }, question.text),
      element("p", { class: "soft" }, facts.join(" · ") + " · ", element("a", { href: address }, w.link)),
      question.reference && element("p", { class: "text" }, element("strong", null, w.reference + ": "),
        element("span", { lang: question.language }, question.reference)),
      question.options.length ? renderOptions(question, answers) : null,
      element("div", { class: "answers" }, answers.map((entry) => renderAnswer(question, entry))),
      ...renderPassages(question, answers),
      question.quotes.length ? element("details", null, element("summary", null, w.evidence + " (" + question.quotes.length + ")"),
        question.quotes.map((quote) => element("blockquote", { lang: question.language }, quote))) : null,
    ].filter(Boolean);
  }

  function renderOptions(question, answers) {
    const items = question.options.map(([text, right], position) => {
      const labels = answers.filter(({ answer }) => (answer.chosen || []).includes(position)).map(({ label }) => label);
      return element("li", null, element("span", { lang: question.language }, text), " ",
        right ? element("span", { class: "badge better" }, "✓ " + w.right_option) : null,
        labels.length ? element("span", { class: "badge" }, w.chosen_by.replace("{who}", labels.join(", "))) : null);
    });
    return element("div", null, element("h4", null, w.options), element("ol", { class: "options" }, items));
  }

  function renderAnswer(question, { label, row, answer }) {
    const [style, text] = answer.right === 1 ? ["better", "✓ " + w.right] : answer.right === 0 ? ["worse", "✗ " + w.wrong]
      : ["soft", w.unscored];
    const scores = bench.metrics.map((metric, n) => [metric, answer.scores[n], bench.digits[n]])
      .filter(([, value]) => value !== null);
    return element("article", { class: "answer", "aria-label": label + ": " + bench.rows[row] },
      element("header", null, element("h4", null, label + ". " + bench.rows[row]), element("span", null,
        element("span", { class: "badge " + style }, text),
        answer.refused ? element("span", { class: "badge" }, w.refused) : null)),
      answer.chosen && !answer.text ? null
        : element("p", { class: "text", lang: question.language }, answer.text || w.no_text),
      renderCitations(answer),
      (answer.dropped || []).map(([citation, reason]) => element("p", { class: "soft" },
        element("span", { class: "worse" }, w.dropped + ", " + displayName(data, "reason", reason) + ": "), citation)),
      answer.reason ? element("p", { class: "text" }, element("strong", null, w.reason + ": "), answer.reason) : null,
      answer.raw && element("details", null, element("summary", { class: "soft" }, w.raw),
        element("p", { class: "text", lang: question.language }, answer.raw)),
      element("details", null, element("summary", { class: "soft" }, w.scores), element("dl", { class: "numbers" },
        scores.map(([metric, value, digits]) => [element("dt", null, metric), element("dd", null, formatNumber(value, digits))]))));
  }

  function renderCitations(answer) {
    const citations = answer.cites || [];
    if (!citations.length) return null;
    return element("div", { class: "soft" }, w.cites + ":", element("ul", null, citations.map(([marker, passage, start, end]) =>
      element("li", null, marker === null ? "" : "[" + marker + "] ",
        // a passage that is not on the page has its location and text in the place of offsets
        passage < 0 ? start + ": " + end : bench.passages[passage][0]))));
  }

  function renderPassages(question, answers) {
    const retrieved = [...new Set(answers.flatMap(({ answer }) => answer.hits || []))];
    const all = [...retrieved, ...question.gold.filter((number) => !retrieved.includes(number))];
    if (!all.length) return [];
    const legend = (style, text, tag) => element("span", null, element("mark", { class: style }, text), element("span", { class: "tag" }, tag), " ");
    return [element("h4", null, w.passages + " (" + all.length + ")"),
      element("p", { class: "soft" }, w.legend + ": ", legend("gold", w.gold, "◆"), legend("cited", w.cited, w.a + "1")),
      ...all.map((number) => renderPassage(question, answers, number))];
  }

  function renderPassage(question, answers, number) {
    const [location, header, text, language] = bench.passages[number];
    const isGold = question.gold.includes(number);
    const spans = (question.spans[number] || []).map(([start, end]) => ({ start, end, style: "gold", tag: "◆", title: w.gold }));
    const badges = isGold ? [element("span", { class: "badge better" }, "◆ " + w.gold)] : [];
    for (const { label, answer } of answers) {
      const citations = (answer.cites || []).filter(([, passage]) => passage === number);
      const title = w.cited_by.replace("{who}", label);
      const wholePassage = citations.some(([, , start, end]) => start === end);
      if (citations.length) badges.push(element("span", { class: "badge" }, title + (wholePassage ? ", " + w.whole : "")));
      spans.push(...citations.filter(([, , start, end]) => end > start).map(([marker, , start, end]) =>
        ({ start, end, style: "cited", tag: label + (marker === null ? "" : marker), title })));
    }
    const ranks = answers.map(({ label, answer }) => [label, (answer.hits || []).indexOf(number) + 1]).filter(([, rank]) => rank);
    const shownTo = ranks.map(([label, rank]) => w.shown_to.replace("{who}", label).replace("{rank}", rank)).join(" · ");
    return element("details", { class: "passage", open: badges.length > 0 },
      element("summary", null, location, " ", element("span", { class: "soft" }, shownTo || w.not_shown), " ", badges),
      header ? element("p", { class: "text soft", lang: language || question.language }, header) : null,
      element("p", { class: "text", lang: language || question.language }, markSpans(text, spans)));
  }

  // Split a text into pieces, marked where spans cover them. Offsets count code points, not UTF-16 units.
  function markSpans(text, spans) {
    const letters = Array.from(text);
    const cuts = [...new Set([0, letters.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((x, y) => x - y);
    return cuts.slice(0, -1).flatMap((from, n) => {
      const piece = letters.slice(from, cuts[n + 1]).join("");
      const covering = spans.filter(({ start, end }) => start <= from && end >= cuts[n + 1]);
      const tags = spans.filter(({ start }) => start === from).map(({ tag, title }) =>
        element("span", { class: "tag", title }, tag, element("span", { class: "hidden" }, " " + title + " ")));
      if (!covering.length) return [...tags, piece];
      return [...tags, element("mark", { class: [...new Set(covering.map(({ style }) => style))].join(" ") }, piece)];
    });
  }
}
