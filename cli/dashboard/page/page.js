"use strict";

// What others have written, such as a store's name, only ever becomes text.

const find = (id) => document.getElementById(id);
const embedded = find("data");
const snapshots = embedded ? JSON.parse(embedded.textContent) : null;
const COLORS = ["--s0", "--s1", "--s2", "--s3", "--s4", "--s5", "--s6"];
const NAME_IN_CHART = 28;
let asked = { range: "hour", store: "" };
let answer = null;
let source = null;
let skew = 0;
let bar = null;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Times: milliseconds, shown in UTC.

const iso = (time) => new Date(time).toISOString();
const clock = (time, bySecond) => iso(time).slice(11, bySecond ? 19 : 16);

function day(time) {
  return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

function span(start, end) {
  const bySecond = start % 60000 || end % 60000;
  const long = day(start) !== day(end - 1);
  const from = long ? `${day(start)} ${clock(start, bySecond)}` : clock(start, bySecond);
  const to = long ? `${day(end)} ${clock(end, bySecond)}` : clock(end, bySecond);
  return `${from} – ${to}`;
}

function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() + skew - time) / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

function length(milliseconds) {
  const units = [[86400000, "day"], [3600000, "hour"], [60000, "minute"], [1000, "second"]];
  for (const [unit, name] of units) {
    const count = milliseconds / unit;
    if (count >= 1) return count === 1 ? name : `${Number(count.toFixed(2))} ${name}s`;
  }
  return `${milliseconds} ms`;
}

// The question, which is in the address after #, so that Back and a bookmark know it.

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const range = parts.get("range");
  asked = {
    range: ["hour", "day", "week"].includes(range) ? range : "hour",
    store: snapshots ? "" : parts.get("store") || "",
  };
  for (const input of document.querySelectorAll("#ranges input")) {
    input.checked = input.value === asked.range;
  }
}

function ask(change) {
  location.hash = new URLSearchParams({ ...asked, ...change }).toString();
}

function listen() {
  readAddress();
  bar = null;
  if (snapshots) {
    show(snapshots[asked.range]);
    return;
  }
  if (source) source.close();
  source = new EventSource(`events?${new URLSearchParams(asked)}`);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED;
    tell("bad", isOver ? "Ended" : "No connection");
    banner("The program behind this page does not answer. What you see is what it last said. " +
      (answer ? `To start it again, and for its new address: ${answer.again}` : ""));
  };
}

// Showing.

function show(news) {
  answer = news;
  skew = snapshots ? 0 : answer.now - Date.now();
  const isEmpty = !answer.newest;
  find("where").textContent = [
    answer.project, answer.region, answer.health && answer.health.isLocal ? "this machine" : null,
  ].filter(Boolean).join(" · ");
  find("empty").hidden = !isEmpty || !answer.isComplete;
  find("content").hidden = isEmpty;
  showNext();
  showState(isEmpty);
  if (!isEmpty) {
    showFigures();
    showChosen();
    showChart();
    showRanking();
  }
  showSigns();
}

// What the project lacks for results, and has a command for.
function showNext() {
  const { start, produce } = answer.health || {};
  const next = [start, produce].filter(Boolean).join("\n");
  find("empty-next").textContent = next;
  find("empty-next").parentElement.hidden = !next;
}

function tell(kind, text) {
  find("state").firstElementChild.className = `dot ${kind}`;
  if (find("state-text").textContent !== text) find("state-text").textContent = text;
}

function banner(text) {
  find("banner").hidden = !text;
  if (find("banner").textContent !== text) find("banner").textContent = text;
}

function showState(isEmpty) {
  if (snapshots) {
    tell("", `As of ${day(answer.now)} ${clock(answer.now)} UTC`);
    return;
  }
  if (answer.problem) {
    tell("bad", "AWS does not answer");
    banner(`Nothing new since ${clock(answer.problem.since)} UTC: ${answer.problem.text}. ` +
      "It is tried again, and the page goes on by itself.");
    return;
  }
  banner("");
  if (answer.isComplete) tell("good", "Live");
  else tell("warn", isEmpty ? "Looking for results" : `Live; reading day ${answer.daysRead + 1} of 8`);
}

function showFigures() {
  const today = Math.floor((Date.now() + skew) / 86400000);
  find("figures").replaceChildren(...answer.figures.map((figure) => {
    const [start, end] = figure.time;
    const isToday = Math.floor((end - 1) / 86400000) === today;
    const isOneDay = day(start) === day(end - 1);
    const time = isToday || !isOneDay ? span(start, end) : `${day(start)}, ${span(start, end)}`;
    const change = make("p", { class: "change" });
    if (figure.isPartial) {
      change.append("Still reading");
    } else if (figure.change) {
      const sign = { up: "▲ ", down: "▼ ", same: "" }[figure.change.direction];
      change.append(
        make("b", { class: figure.change.direction }, sign + figure.change.text),
        ` on ${figure.against}`,
      );
    } else if (figure.against) {
      change.append(`Nothing to compare: ${figure.against} is not known`);
    }
    if (figure.isMadeUp) change.append(make("span", { class: "made-up" }, "Made-up sales are in it"));
    const details = make("dl", {}, ...figure.details.map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, value))));
    return make("article", { class: figure.isPartial ? "figure partial" : "figure" },
      make("h2", {}, make("span", {}, figure.label), make("span", {}, time)),
      make("p", { class: figure.value.length > 15 ? "value long" : "value" }, figure.value),
      change, details);
  }));
}

function showChosen() {
  find("chosen").hidden = !asked.store;
  find("chosen-name").textContent = asked.store;
}

// The chart.

function color(series, place) {
  if (series.isOthers) return style("--others");
  const ranked = answer.ranking.findIndex((row) => row.store === series.name);
  return style(COLORS[(asked.store && ranked >= 0 ? ranked : place) % COLORS.length]);
}

function inChart(name) {
  // Plotly takes tags in names for formatting.
  const letters = [...name];
  const short = letters.length > NAME_IN_CHART ? `${letters.slice(0, NAME_IN_CHART).join("")}…` : name;
  return short.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function showChart() {
  const chart = answer.chart;
  find("course-span").textContent =
    `${span(answer.since, answer.newest.end)}, a bar for each ${length(chart.bar)}`;
  find("legend").replaceChildren(...chart.series.map((series, place) => {
    const swatch = make("i");
    swatch.style.background = color(series, place);
    const name = make("bdi", { class: "name", title: series.name }, series.name);
    if (series.isOthers || snapshots) {
      return make("li", {}, make("span", { class: "others" }, swatch, name));
    }
    const button = make("button", { type: "button" }, swatch, name);
    button.addEventListener("click", () => ask({ store: series.name }));
    return make("li", {}, button);
  }));
  const madeUp = answer.madeUp;
  find("made-up").hidden = !madeUp;
  find("made-up").textContent = madeUp ? "Hatched: until " +
    `${day(madeUp.until)} ${clock(madeUp.until)}, ${madeUp.windows.toLocaleString("en")} ` +
    `${madeUp.windows === 1 ? "window is" : "windows are"} made up for a demonstration` : "";
  draw();
  if (bar !== null && bar >= chart.starts.length) bar = null;
  readOut();
  if (find("course-details").open) showTable();
}

function draw() {
  const chart = answer.chart;
  const x = chart.starts.map((start) => iso(start + chart.bar / 2).slice(0, 23));
  const traces = chart.series.map((series, place) => ({
    type: "bar", x, y: series.values, customdata: series.texts, name: inChart(series.name),
    width: chart.bar * (chart.starts.length > 60 ? 0.94 : 0.82),
    marker: {
      color: color(series, place), line: { width: 0 },
      pattern: {
        shape: chart.madeUp.map((isMadeUp) => (isMadeUp ? "/" : "")),
        fillmode: "overlay", fgcolor: style("--panel"), size: 7, solidity: 0.25,
      },
    },
    hovertemplate: "%{customdata}",
  }));
  if (chart.series.length > 1) {
    const most = chart.starts.map((_, at) =>
      chart.series.reduce((sum, series) => sum + series.values[at], 0));
    traces.push({
      type: "scatter", mode: "lines", x, y: most, customdata: chart.totals, name: "All",
      line: { width: 0, color: "rgba(0,0,0,0)" }, hovertemplate: "%{customdata}",
    });
  }
  const ink = style("--quiet");
  const size = { size: 12, color: ink, family: getComputedStyle(document.body).fontFamily };
  const end = chart.starts[chart.starts.length - 1] + chart.bar;
  Plotly.react(find("chart"), traces, {
    barmode: "relative", showlegend: false, dragmode: false, hovermode: "x unified",
    margin: { l: 52, r: 6, t: 10, b: 42 }, font: size, autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: {
      bgcolor: style("--panel"), bordercolor: style("--line"), namelength: -1,
      font: { ...size, color: style("--ink") },
    },
    xaxis: {
      type: "date", fixedrange: true, showgrid: false, hoverformat: "%-d %b, %H:%M:%S",
      tickformat: ticks(end - chart.starts[0], chart.bar),
      range: [iso(chart.starts[0]).slice(0, 23), iso(end).slice(0, 23)], nticks: 9,
      tickcolor: style("--line"), linecolor: style("--line"),
    },
    yaxis: {
      fixedrange: true, gridcolor: style("--line"), zerolinecolor: style("--line"),
      tickformat: "~s", rangemode: "tozero", nticks: 6,
    },
  }, { displayModeBar: false, responsive: true, doubleClick: false });
}

function ticks(whole, bar) {
  if (whole > 2 * 86400000) return "%-d %b";
  return bar < 60000 ? "%H:%M:%S" : "%H:%M";
}

function readOut() {
  const chart = answer.chart;
  const at = bar === null ? chart.totals.length - 1 : bar;
  const start = chart.starts[at];
  const most = chart.series
    .map((series) => [series.values[at], series.name, series.texts[at]])
    .filter(([value, name]) => value && chart.series.length > 1)
    .sort((one, other) => other[0] - one[0])
    .slice(0, 3)
    .map(([, name, text]) => `\u2068${[...name].slice(0, 40).join("")}\u2069 ${text}`);
  const time = span(start, start + chart.bar);
  const text = `${day(start)}, ${time}${chart.madeUp[at] ? " (made up)" : ""}: ${chart.totals[at]}` +
    (most.length ? `, of which ${most.join(", ")}` : "");
  if (find("readout").textContent !== text) find("readout").textContent = text;
}

function goTo(at) {
  bar = Math.min(Math.max(at, 0), answer.chart.starts.length - 1);
  const { starts, bar: length } = answer.chart;
  Plotly.Fx.hover(find("chart"), { xval: starts[bar] + length / 2, yval: 0 });
  readOut();
}

function showTable() {
  const chart = answer.chart;
  const head = make("tr", {}, make("th", { scope: "col", class: "start" }, "From (UTC)"),
    ...chart.series.map((series) => make("th", { scope: "col" }, make("bdi", {},
      [...series.name].slice(0, 40).join("")))),
    make("th", { scope: "col" }, "Net"));
  const rows = chart.starts.map((start, at) => make("tr", {},
    make("th", { scope: "row", class: "start" }, `${day(start)} ${clock(start, chart.bar % 60000)}` +
      (chart.madeUp[at] ? " (made up)" : "")),
    ...chart.series.map((series) => make("td", {}, series.texts[at])),
    make("td", {}, chart.totals[at]))).reverse();
  find("course-table").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
}

// The stores.

function showRanking() {
  const columns = [
    ["", "rank"], ["Store", "start"], ["Net", "net"], ["Revenue", "lesser least"],
    ["Returned", "lesser least"], ["Orders", ""], ["Returns", "lesser"],
  ];
  const head = make("tr", {}, ...columns.map(([name, kind]) => (
    name ? make("th", { scope: "col", class: kind === "net" ? "" : kind }, name) : make("td"))));
  find("ranking").replaceChildren(make("thead", {}, head),
    make("tbody", {}, ...answer.ranking.map(rankingRow)));
  find("stores-title").textContent =
    answer.stores === 1 ? "1 store" : `${answer.stores.toLocaleString("en")} stores`;
  find("search").hidden = Boolean(snapshots) || answer.stores < 10;
  if (find("names").childElementCount !== answer.names.length) {
    find("names").replaceChildren(...answer.names.map((name) => make("option", { value: name })));
  }
}

function rankingRow(row, place) {
  const name = make("th", { scope: "row", class: "start" });
  if (row.others || snapshots) {
    name.append(make("bdi", { title: row.store || "" }, row.others || row.store));
  } else {
    const button = make("button", { type: "button", title: row.store }, make("bdi", {}, row.store));
    button.addEventListener("click", () => ask({ store: row.store }));
    name.append(button);
  }
  name.style.backgroundSize = `${row.share}% 3px`;
  const line = make("tr", {},
    make("td", { class: "rank" }, row.others ? "" : String(place + 1)), name,
    make("td", { class: "net" }, row.net),
    make("td", { class: "lesser least" }, row.revenue),
    make("td", { class: "lesser least" }, row.returned),
    make("td", {}, row.orders),
    make("td", { class: "lesser" }, row.returns));
  if (row.store === asked.store) line.className = "chosen";
  return line;
}

// How fresh, how sure.

function showSigns() {
  find("signs").replaceChildren(...signs().map(([name, kind, value]) => make("div", {},
    make("span", { class: `dot ${kind}` }), make("dt", {}, name), make("dd", {}, value))));
}

function counted(count, kind) {
  return count === null ? ["", "not known"] : [count ? kind : "good", count.toLocaleString("en")];
}

function signs() {
  const health = answer.health || {};
  const list = [];
  if (answer.newest) {
    const length = answer.newest.end - answer.newest.start;
    const isOld = Date.now() + skew - answer.newest.end > 3 * length + 300000;
    const value = snapshots ? `ended ${day(answer.newest.end)} ${clock(answer.newest.end)} UTC`
      : `ended ${ago(answer.newest.end)} ago`;
    list.push(["Newest window", isOld ? "warn" : "good", value]);
  }
  if (health.problem) {
    list.push(["Health", "bad", health.problem]);
  } else if (answer.health) {
    const next = health.start ? `; nothing new comes before ${health.start}` : "";
    list.push(["Analytics", health.runs ? "good" : "warn", `${health.status || "not deployed"}${next}`]);
    list.push(["Late, in 24 hours", ...counted(answer.late, "warn")]);
    list.push(["Rejected", ...counted(health.rejected, "warn")]);
    list.push(["Dead letters", ...counted(health.deadLetters, "bad")]);
  }
  list.push(["Unreadable lines", ...counted(answer.unreadable, "warn")]);
  if (answer.contradictions) {
    list.push(["Contradicting rows", "bad",
      answer.contradictions.toLocaleString("en") +
        (health.verify ? `; next: ${health.verify}` : "")]);
  }
  if (answer.forgottenUntil) {
    list.push(["Left out", "warn", `windows until ${day(answer.forgottenUntil)} ` +
      `${clock(answer.forgottenUntil)}: too many to show`]);
  }
  list.push(["Verify", ...verdict()]);
  return list;
}

function verdict() {
  const said = answer.verdict;
  if (!said) return ["", "has not run on this machine"];
  const when = snapshots ? `on ${day(said.moment)} at ${clock(said.moment)} UTC`
    : `${ago(Date.parse(said.moment))} ago`;
  if (said.differences) {
    return ["bad", `${said.differences.toLocaleString("en")} differences, ${when}`];
  }
  return ["good", `agreed on ${said.windows.toLocaleString("en")} windows, ${when}`];
}

// Beginning.

for (const input of document.querySelectorAll("#ranges input")) {
  input.addEventListener("change", () => ask({ range: input.value }));
}
find("all-stores").addEventListener("click", () => ask({ store: "" }));
find("search").addEventListener("change", (event) => {
  if (answer.names.includes(event.target.value)) {
    ask({ store: event.target.value });
    event.target.value = "";
  }
});
find("course-details").addEventListener("toggle", () => answer && answer.chart && showTable());
find("chart").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || !answer.chart) return;
  event.preventDefault();
  goTo((bar === null ? answer.chart.starts.length : bar) + step);
});
find("chart").addEventListener("blur", () => {
  bar = null;
  Plotly.Fx.unhover(find("chart"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => answer && show(answer));
addEventListener("hashchange", listen);
setInterval(() => answer && !snapshots && showSigns(), 1000);
listen();
