// Figure: the loss and the metrics over the epochs, with a cursor at the shown epoch.

import {colors} from "./colors.js";
import {element, svg} from "./dom.js";
import {extent, grouped, short} from "./numbers.js";
import {lossAxis, Plot} from "./plot.js";
import {PART_NAMES} from "./run.js";

export const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2, 1, 2, 1, 2]];
const PART_COLORS = {train: 0, validation: 1, test: 2};

export function lossFigure({runs}) {
  const body = element("div");
  const words = element("p", {class: "quiet"});
  const plots = new Map();

  function draw(view) {
    const {run} = view;
    const panels = run.curves.map((panel, index) => ({...panel, shape: index ? "low" : "flat"}));
    const labels = panels.map(({label}) => label).join("|");
    if (body.dataset.labels !== labels) {
      body.dataset.labels = labels;
      plots.clear();
      for (const {label, shape} of panels) plots.set(label, new Plot(shape));
      body.replaceChildren(
        ...panels.map(({label}) => element("div", {}, element("h3", {}, label), plots.get(label).canvas)),
      );
      if (!panels.length) body.replaceChildren(element("p", {}, "No finite loss was recorded."));
    }
    panels.forEach((panel, index) => drawPanel(plots.get(panel.label), panel, view, index ? [] : runs));
    words.textContent = described(view);
  }

  return {title: "Loss", tall: true, element: element("div", {}, body, legendOf(runs), words), draw};
}

// Curves of the other runs are drawn into the panel of the loss if their losses are measured in the same way.
function drawPanel(plot, {label, curves}, view, runs) {
  const {run, live} = view;
  const others = runs.filter((other) => other !== run && other.curves[0]?.label === label);
  const lines = Object.entries(curves).map(([part, values]) => ({
    xs: run.historyEpochs,
    ys: values,
    color: colors().series[PART_COLORS[part]],
    dash: DASHES[PART_COLORS[part]],
  }));
  for (const other of others) {
    const at = runs.indexOf(other);
    lines.push({
      xs: other.historyEpochs,
      ys: other.curves[0].curves.train,
      color: colors().series[(at + 2) % 8],
      dash: DASHES[(at + 2) % 5],
    });
  }
  if (live && runs.length) {
    const from = view.epoch - live.epoch;
    const kept = thinned(live.losses);
    lines.push({
      xs: kept.map(([epoch]) => from + epoch),
      ys: kept.map(([, loss]) => loss),
      color: colors().series[4],
      dash: [],
    });
  }
  const [, high] = extent(lines.flatMap(({xs}) => [xs[0], xs[xs.length - 1]]));
  const values = extent(lines.flatMap(({ys}) => [...extent(ys)]));
  if (
    !plot.begin(
      {low: 0, high: Math.max(high, view.epoch, 1), label: "epoch"},
      lossAxis(values, label.startsWith("loss") ? "loss" : ""),
    )
  )
    return;
  plot.axes();
  for (const {xs, ys, color, dash} of lines) plot.curve(xs, ys, color, dash);
  plot.cursor(view.epoch);
  plot.words = `${label} over the epochs. ${described(view)}`;
}

// At most 500 of the epochs, so that a long training stays quick to draw.
function thinned(losses) {
  const step = Math.ceil(losses.length / 500);
  return losses
    .map((loss, epoch) => [epoch, loss])
    .filter(([epoch]) => epoch % step === 0 || epoch === losses.length - 1);
}

/** Return the loss of the shown weights on each set as a sentence. */
export function described({epoch, losses, live}) {
  const parts = Object.entries(losses).map(([part, loss]) => `${short(loss)} on the ${PART_NAMES[part]} set`);
  return `After epoch ${grouped(epoch)}${live ? " (trained on in this page)" : ""} the loss is ${parts.join(", ")}.`;
}

function legendOf(runs) {
  const entries = [
    ["training", 0],
    ["validation", 1],
  ].filter(
    ([name]) =>
      name === "training" || runs.some(({curves}) => curves.some((panel) => panel.curves.validation)),
  );
  const list = element("ul", {class: "legend"});
  for (const [name, at] of entries) list.append(element("li", {}, sample(at, at), name));
  runs.forEach(
    (run, at) =>
      runs.length > 1 && list.append(element("li", {}, sample((at + 2) % 8, (at + 2) % 5), run.name)),
  );
  if (runs.some(({curves}) => curves.length))
    list.append(element("li", {}, sample(4, 0), "trained on in this page"));
  return list;
}

const sample = (color, dash) =>
  svg(
    "svg",
    {viewBox: "0 0 36 10", "aria-hidden": "true"},
    svg("line", {
      x1: 0,
      y1: 5,
      x2: 36,
      y2: 5,
      "stroke-width": 2.5,
      stroke: `var(--series-${color})`,
      "stroke-dasharray": DASHES[dash].join(" "),
    }),
  );
