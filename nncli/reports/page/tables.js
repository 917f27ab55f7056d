// Figures: scores beside the baselines, the confusion matrix or parity and residuals, importance and dependence.

import {colors} from "./colors.js";
import {choice, element, labeled, shortened, tableOf} from "./dom.js";
import {shownName} from "./map.js";
import {counted, extent, grouped, short} from "./numbers.js";
import {linearAxis, Plot} from "./plot.js";
import {PART_NAMES} from "./run.js";
import {scaledAt} from "./view.js";

const MOST_CLASSES = 20;
const MOST_BARS = 15;
const AVERAGED = 200; // rows of a partial dependence, fewer of a large network:
const WORK = 5e5; // products of weights and inputs for one picture

const BASELINES = {baseline: "best constant", linear: "linear model"};

export function scoresFigure() {
  const body = element("div");

  function draw({run}) {
    if (body.dataset.run === run.name) return;
    body.dataset.run = run.name;
    const parts = Object.keys(run.results);
    const tables = parts.map((part) => {
      const names = Object.keys(run.results[part]);
      const others = Object.keys(BASELINES).filter((name) => run.baselines[name]?.[part]);
      const rows = names.map((name) => [
        name,
        text(run.results[part][name]),
        ...others.map((other) => text(run.baselines[other][part][name])),
      ]);
      return element(
        "div",
        {},
        element("h3", {}, `On the ${PART_NAMES[part]} set`),
        tableOf(["score", "network", ...others.map((name) => BASELINES[name])], rows, {
          label: `scores on the ${PART_NAMES[part]} set`,
        }),
      );
    });
    body.replaceChildren(...tables);
  }

  const note = element("p", {class: "quiet"}, "Of the saved weights, on all rows.");
  return {title: "Scores beside the baselines", element: element("div", {}, body, note), draw};
}

const text = (value) => (value === null || value === undefined ? "" : short(value));

export function predictionsFigure() {
  const body = element("div");
  const [parity, residuals] = [new Plot("square"), new Plot("square")];
  const words = element("p", {class: "quiet"});

  function draw(view) {
    const {run} = view;
    if (run.isClassified) {
      body.replaceChildren(confusionOf(view));
    } else if (run.task === "regression") {
      if (!parity.canvas.isConnected)
        body.replaceChildren(element("div", {class: "side-by-side"}, parity.canvas, residuals.canvas), words);
      words.textContent = drawParity(parity, residuals, view);
    } else {
      body.replaceChildren(labelCounts(view));
    }
  }

  return {title: "Predictions and targets", tall: true, element: body, draw};
}

function confusionOf({run, outputs}) {
  const part = run.scored;
  const {start, n} = run.parts[part];
  const k = run.network.outputs;
  const classes = run.classes.slice(0, MOST_CLASSES);
  const counts = classes.map(() => classes.map(() => 0));
  let right = 0;
  for (let row = start; row < start + n; row++) {
    const [target, predicted] = [run.Y, outputs].map((values, at) =>
      at || run.task === "multiclass" ? run.classOf(values, row * k) : Number(values[row * k] >= 0.5),
    );
    right += target === predicted;
    if (target < classes.length && predicted < classes.length) counts[target][predicted] += 1;
  }
  const rows = classes.map((name, target) => [
    shortened(name, 16),
    ...counts[target].map((count, predicted) =>
      element("td", {class: target === predicted ? "cell right" : "cell"}, grouped(count)),
    ),
  ]);
  return element(
    "div",
    {},
    tableOf(["target \\ predicted", ...classes.map((name) => shortened(name, 16))], rows, {
      label: "confusion matrix",
    }),
    element(
      "p",
      {class: "quiet"},
      `${grouped(right)} of ${grouped(n)} rows of the ${PART_NAMES[part]} set are right (bold frames): accuracy ${short(right / n)}.`,
    ),
  );
}

function labelCounts({run, outputs}) {
  const {start, n} = run.parts[run.scored];
  const k = run.network.outputs;
  const rows = run.targets.map(({name}, label) => {
    const counts = [0, 0, 0, 0];
    for (let row = start; row < start + n; row++)
      counts[2 * Number(run.Y[row * k + label] >= 0.5) + Number(outputs[row * k + label] >= 0.5)] += 1;
    const [neither, falseAlarm, missed, found] = counts;
    return [shortened(name), grouped(found), grouped(missed), grouped(falseAlarm), grouped(neither)];
  });
  return tableOf(["label", "found", "missed", "false alarms", "neither"], rows, {label: "labels"});
}

function drawParity(parity, residuals, view) {
  const {run, outputs, state} = view;
  const k = run.network.outputs;
  const count = run.rowCount;
  const step = Math.ceil(count / 2000);
  const places = Array.from({length: Math.ceil(count / step)}, (_, at) => at * step);
  const targets = places.map((row) => run.unscaled(run.Y[row * k + state.output], state.output));
  const predictions = places.map((row) => run.unscaled(outputs[row * k + state.output], state.output));
  const [low, high] = extent([...targets, ...predictions]);
  const name = shortened(run.targets[state.output].name);
  const axis = (label) => linearAxis([low, high], label);
  if (parity.begin(axis(`target: ${name}`), axis(`prediction: ${name}`))) {
    parity.axes();
    parity.curve([low, high], [low, high], colors().line, [4, 3]);
    targets.forEach((target, at) =>
      parity.marker(
        target,
        predictions[at],
        partShape(run, places[at]),
        colors().series[partShape(run, places[at])],
        3.5,
      ),
    );
  }
  const errors = predictions.map((prediction, at) => prediction - targets[at]);
  const reach = Math.max(...extent(errors).map(Math.abs)) || 1;
  if (
    residuals.begin(axis(`prediction: ${name}`), {
      low: -1.05 * reach,
      high: 1.05 * reach,
      label: "prediction − target",
    })
  ) {
    residuals.axes();
    residuals.curve([low, high], [0, 0], colors().line, [4, 3]);
    errors.forEach((error, at) =>
      residuals.marker(
        predictions[at],
        error,
        partShape(run, places[at]),
        colors().series[partShape(run, places[at])],
        3.5,
      ),
    );
  }
  const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
  const found = `Mean absolute error ${short(mean)}, largest ${short(reach)}, on ${counted(places.length, "row")}. Circles: training, squares: validation, triangles: test set.`;
  parity.words = `Predictions against targets. ${found}`;
  residuals.words = `Errors against predictions. ${found}`;
  return found;
}

const partShape = (run, row) => Object.keys(run.parts).indexOf(run.placeOfRow(row).part);

export function importanceFigure() {
  const body = element("div");

  function draw({run}) {
    if (body.dataset.run === run.name) return;
    body.dataset.run = run.name;
    const found = run.importance;
    if (!found) {
      body.replaceChildren(element("p", {}, "Importance needs at least 8 rows."));
      return;
    }
    const largest = Math.max(...found.drops, 1e-12);
    const lines = found.inputs.slice(0, MOST_BARS).map((name, at) =>
      element(
        "div",
        {class: "barline"},
        element("span", {title: name}, shortened(name)),
        element("meter", {
          min: 0,
          max: 1,
          value: Math.max(0, found.drops[at] / largest),
          "aria-label": `importance of ${name}`,
        }),
        element("span", {}, short(found.drops[at])),
      ),
    );
    const change = found.score === "loss" ? "rise of the loss" : `drop of ${found.score}`;
    const more =
      found.inputs.length > lines.length
        ? ` The ${lines.length} most important of ${found.inputs.length}.`
        : "";
    body.replaceChildren(
      ...lines,
      element(
        "p",
        {class: "quiet"},
        `Mean ${change} when the input is shuffled, on ${grouped(found.rows)} rows of the ${PART_NAMES[found.part]} set, saved weights.${more}`,
      ),
    );
  }

  return {title: "Importance of the inputs", element: body, draw};
}

export function dependenceFigure({change}) {
  const plot = new Plot("flat");
  const words = element("p", {class: "quiet"});
  const controls = element("div", {class: "controls"});
  let built = null;
  let name = null;

  function draw(view) {
    const {run} = view;
    if (built !== run) {
      built = run;
      const names = (run.axes.length ? run.axes : run.numbers.map((input) => input.name)).slice(0, 100);
      name = names[0];
      const chooser = choice(
        names.map((each) => [each, shortened(each)]),
        name,
        (chosen) => {
          name = chosen;
          change(() => ({}));
        },
      );
      controls.replaceChildren(...(names.length ? [labeled("input", chooser)] : []));
    }
    const input = run.numbers.find((each) => each.name === name);
    if (!input) {
      plot.message("No input is a number.");
      return;
    }
    words.textContent = drawDependence(plot, view, input);
    plot.words = `Dependence on ${input.name}. ${words.textContent}`;
  }

  return {title: "Dependence on one input", element: element("div", {}, controls, plot.canvas, words), draw};
}

// The prediction as one input changes: of the chosen row, and on average over rows (Friedman 2001, section 8.2).
function drawDependence(plot, view, input) {
  const {run, network, state} = view;
  const size = 40;
  const k = network.outputs;
  const output = (passed, point) =>
    run.unscaled(passed[passed.length - 1].A[point * k + state.output], state.output);
  const xs = Array.from(
    {length: size},
    (_, point) => input.low + (point / (size - 1)) * (input.high - input.low),
  );
  const own = view.along(input, view.x, size);
  const ys = xs.map((_, point) => output(own.passed, point));
  const most = Math.max(5, Math.min(AVERAGED, Math.floor(WORK / (size * network.size))));
  const step = Math.ceil(run.rowCount / most);
  const rows = Math.ceil(run.rowCount / step);
  const X = new Float64Array(rows * size * network.inputs);
  for (let at = 0; at < rows; at++) {
    const {x} = run.row(at * step);
    for (let point = 0; point < size; point++) {
      const start = (at * size + point) * network.inputs;
      X.set(x, start);
      X[start + input.at] = scaledAt(input, point / (size - 1));
    }
  }
  const passed = network.forward(view.W, X, rows * size);
  const mean = xs.map((_, point) => {
    let sum = 0;
    for (let at = 0; at < rows; at++) sum += output(passed, at * size + point);
    return sum / rows;
  });
  const label =
    state.shown === "output"
      ? shownName(view)
      : shownName({...view, run, state: {...state, shown: "output"}});
  if (
    !plot.begin(
      {low: input.low, high: input.high, label: shortened(input.name)},
      linearAxis(extent([...ys, ...mean]), label),
    )
  )
    return "";
  plot.axes();
  plot.curve(xs, mean, colors().series[0], [], 2.4);
  plot.curve(xs, ys, colors().series[3], [6, 3], 1.6);
  const [low, high] = extent(mean);
  return `Solid: mean over ${counted(rows, "row")}, from ${short(low)} to ${short(high)}. Dashed: the chosen row.`;
}
