// Figures: the weights, and the errors of rows, over the recorded epochs.

import {colors} from "./colors.js";
import {element, shortened, tableOf} from "./dom.js";
import {digits, extent, grouped} from "./numbers.js";
import {DASHES} from "./losses.js";
import {linearAxis, Plot} from "./plot.js";
import {PART_NAMES} from "./run.js";

const MOST_LINES = 40;
const WORST = 8;

export function weightsFigure() {
  const plot = new Plot("flat");
  const words = element("p", {class: "quiet"});

  function draw(view) {
    const {run} = view;
    const {lines, largest} = once(run, "weightLines", () => weightLines(run));
    const shown = extent(lines.flatMap(({values}) => [...extent(values)]));
    if (!drawLines(plot, view, lines, linearAxis(shown, "weight"))) return;
    const all = run.network.size;
    words.textContent = `${lines.length < all ? `The ${lines.length} that changed most of ` : ""}${grouped(all)} weights and biases; the largest change is that of ${largest}.`;
    plot.words = `Weights over the epochs. ${words.textContent}`;
  }

  return {title: "Weights over the epochs", element: element("div", {}, plot.canvas, words), draw};
}

function drawLines(plot, view, lines, y) {
  const {run} = view;
  const last = run.epochs[run.epochs.length - 1];
  if (!plot.begin({low: 0, high: Math.max(1, last), label: "epoch"}, y)) return false;
  plot.axes();
  lines.forEach(({values}, at) =>
    plot.curve(run.epochs, values, colors().series[at % 8], DASHES[Math.floor(at / 8) % 5], 1.3),
  );
  plot.cursor(Math.min(last, view.epoch));
  return true;
}

function weightLines(run) {
  const {size} = run.network;
  const changes = Array.from({length: size}, (_, place) => {
    const values = run.epochs.map((_, at) => run.weights[at * size + place]);
    const [low, high] = extent(values);
    return {place, values, change: high - low};
  });
  changes.sort((a, b) => b.change - a.change || a.place - b.place);
  return {lines: changes.slice(0, MOST_LINES), largest: nameOfPlace(run.network, changes[0].place)};
}

function nameOfPlace(network, place) {
  const layer = network.offsets.findLastIndex((offset) => offset <= place);
  const width = network.width(network.layers[layer]);
  const [unit, column] = [
    Math.floor((place - network.offsets[layer]) / width),
    (place - network.offsets[layer]) % width,
  ];
  return column === network.layers[layer].inputs
    ? `layers.${layer}.bias[${unit}]`
    : `layers.${layer}.weight[${unit},${column}]`;
}

export function errorsFigure({change}) {
  const plot = new Plot("flat");
  const words = element("p", {class: "quiet"});
  const worst = element("div");

  function draw(view) {
    const {run} = view;
    const lines = once(run, "errorLines", () => errorLines(run));
    const shown = extent(lines.flatMap(({values}) => [...extent(values)]));
    if (!drawLines(plot, view, lines, {low: 0, high: shown[1] * 1.05, label: "loss of a row"})) return;
    words.textContent =
      lines.length < run.rowCount ? `Evenly spaced rows: ${lines.length} of ${grouped(run.rowCount)}.` : "";
    plot.words = `Loss of each row over the epochs. ${words.textContent}`;
    worst.replaceChildren(worstRows(view, change));
  }

  return {
    title: "Errors of rows",
    element: element("div", {}, plot.canvas, words, element("h3", {}, "Worst rows at this epoch"), worst),
    draw,
  };
}

// Every row of a small table, evenly spaced ones of a large one.
function errorLines(run) {
  const count = Math.min(run.rowCount, MOST_LINES);
  const {inputs, outputs} = run.network;
  const rows = Array.from({length: count}, (_, at) => Math.floor((at * run.rowCount) / count));
  const X = new Float64Array(count * inputs);
  const Y = new Float64Array(count * outputs);
  rows.forEach((row, at) => {
    const {x, y} = run.row(row);
    X.set(x, at * inputs);
    Y.set(y, at * outputs);
  });
  const terms = run.epochs.map((_, place) => {
    const passed = run.network.forward(run.weightsAt(place), X, count);
    return run.network.terms(passed[passed.length - 1], Y, count);
  });
  return rows.map((row, at) => ({row, values: terms.map((each) => each[at])}));
}

function worstRows({run, terms, outputs}, change) {
  const order = Array.from(terms.keys())
    .sort((a, b) => terms[b] - terms[a] || a - b)
    .slice(0, WORST);
  const k = run.network.outputs;
  const rows = order.map((row) => {
    const {part, number} = run.placeOfRow(row);
    const choose = () => change(() => ({row, inputs: run.row(row).x}));
    const button = element(
      "button",
      {type: "button", onclick: choose},
      `${PART_NAMES[part]} ${grouped(number)}`,
    );
    return [
      button,
      shortened(run.predicted(run.Y, row * k), 20),
      shortened(run.predicted(outputs, row * k), 20),
      digits(terms[row]),
    ];
  });
  return tableOf(["row", "target", "prediction", "loss"], rows, {label: "worst rows"});
}

const caches = new WeakMap();

// What follows from the recorded weights alone is computed once.
function once(run, name, compute) {
  if (!caches.has(run.weights)) caches.set(run.weights, {});
  return (caches.get(run.weights)[name] ??= compute());
}
