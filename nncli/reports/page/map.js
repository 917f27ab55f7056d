// Figure: an output, the class or the error over two inputs, flat; over one input as a curve.

import {between, colors, ColorScale, css, rgb} from "./colors.js";
import {element, shortened} from "./dom.js";
import {paint} from "./graph.js";
import {counted, extent, short} from "./numbers.js";
import {drawShape, linearAxis, Plot} from "./plot.js";

const MOST_ROWS = 400; // drawn into a map

export function mapFigure() {
  const plot = new Plot("square");
  const words = element("p", {class: "quiet"});
  const legend = element("ul", {class: "legend"});
  const buffer = element("canvas");

  function draw(view) {
    if (legend.dataset.run !== view.run.name) nameClasses(legend, view.run);
    if (!view.axes.length) {
      plot.message(
        "There is no map, because no input is a number. Change the inputs of the chosen row instead.",
      );
      words.textContent = "";
    } else {
      words.textContent = view.axes.length === 1 ? drawCurve(plot, view) : drawMap(plot, buffer, view);
      plot.words = words.textContent;
    }
  }

  return {title: "Output over the inputs", element: element("div", {}, plot.canvas, legend, words), draw};
}

// The marker of each class beside its name.
function nameClasses(legend, run) {
  legend.dataset.run = run.name;
  const entries = run.isClassified ? run.classes.slice(0, 12) : [];
  legend.replaceChildren(
    ...entries.map((name, code) => element("li", {}, sampleOf(run, code), shortened(name, 20))),
  );
}

function sampleOf(run, code) {
  const color = run.task === "binary" ? colors().signed[code ? 4 : 0] : rgb(colors().series[code % 8]);
  const canvas = element("canvas", {class: "sample", width: 24, height: 24, "aria-hidden": "true"});
  const context = canvas.getContext("2d");
  drawShape(context, 12, 12, code, css(color), 8);
  return canvas;
}

/** Return the name of what the maps show. */
export function shownName({run, state}) {
  if (state.shown === "error") return "squared error";
  if (run.task === "binary") return `probability of ${shortened(run.classes[1])}`;
  if (state.shown === "class") return "probability of the predicted class";
  if (run.task === "multiclass") return `probability of ${shortened(run.classes[state.output])}`;
  return shortened(run.targets[state.output].name);
}

/** Return the scale of the colors of an output or the error. */
function scaleOf({run, state, field}) {
  const isShare = state.shown !== "error" && run.task !== "regression";
  return isShare ? new ColorScale(0, 1, 0.5) : ColorScale.of(...extent(field));
}

/** Return the color of each point of the grid: of its value, or of its class, paler where that is less sure. */
export function fieldColor(view) {
  const {run, state, field} = view;
  if (state.shown === "class") {
    const paper = rgb(colors().isDark ? "#16181c" : "#ffffff");
    const stops = run.classes.map((_, code) => [paper, rgb(colors().series[code % 8])]);
    return (point) => between(stops[view.fieldClasses[point]], 0.15 + 0.7 * field[point]);
  }
  const scale = scaleOf(view);
  return (point) => scale.at(field[point]);
}

const axis = (input) => ({low: input.low, high: input.high, label: shortened(input.name)});

function drawMap(plot, buffer, view) {
  const [x, y] = view.axes;
  if (!plot.begin(axis(x), axis(y))) return "";
  if (view.state.shown !== "class") {
    const scale = scaleOf(view);
    plot.colorBar((value) => css(scale.at(value)), scale.low, scale.high);
  }
  const {size} = view.grid;
  Object.assign(buffer, {width: size, height: size});
  paint(buffer, size, size, fieldColor(view));
  const {context} = plot;
  context.save();
  plot.clip();
  context.imageSmoothingEnabled = true;
  // Centers of the outermost pixels are on the frame.
  const [width, height] = [plot.right - plot.left, plot.bottom - plot.top].map((each) => each / (size - 1));
  context.drawImage(buffer, plot.left - width / 2, plot.top - height / 2, width * size, height * size);
  context.restore();
  plot.axes({lines: false});
  for (const {values, level} of lines(view)) contour(plot, values, size, level, view);
  drawRows(plot, view, x, y);
  return described(view);
}

// The values and levels of the contour lines: where the predicted class changes, else at fifths of the range.
function lines({run, state, field, leads}) {
  if (state.shown === "class") return leads.map((values) => ({values, level: 0}));
  if (state.shown !== "error" && run.task === "binary") return [{values: field, level: run.threshold}];
  if (state.shown !== "error" && run.task !== "regression") return [{values: field, level: 0.5}];
  const [low, high] = extent(field);
  return [0.2, 0.4, 0.6, 0.8].map((share) => ({values: field, level: low + share * (high - low)}));
}

// Marching squares: in each cell, lines between the points where its edges cross the level.
function contour(plot, field, size, level, {axes: [x, y]}) {
  const {context} = plot;
  const at = (column, row) => [
    x.low + (column / (size - 1)) * (x.high - x.low),
    y.low + (row / (size - 1)) * (y.high - y.low),
  ];
  context.beginPath();
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const first = row * size + column;
      const isBelow = field[first] < level;
      if (
        isBelow === field[first + 1] < level &&
        isBelow === field[first + size] < level &&
        isBelow === field[first + size + 1] < level
      )
        continue;
      const corners = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ].map(([dx, dy]) => [column + dx, row + dy]);
      const values = corners.map(([cx, cy]) => field[cy * size + cx] - level);
      const points = [];
      for (let k = 0; k < 4; k++) {
        const [a, b] = [values[k], values[(k + 1) % 4]];
        if (a < 0 === b < 0) continue;
        const share = a / (a - b);
        const [from, to] = [corners[k], corners[(k + 1) % 4]];
        points.push(at(from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])));
      }
      for (let k = 0; k + 1 < points.length; k += 2) {
        context.moveTo(plot.px(points[k][0]), plot.py(points[k][1]));
        context.lineTo(plot.px(points[k + 1][0]), plot.py(points[k + 1][1]));
      }
    }
  }
  context.strokeStyle = "#1a1a1a";
  context.lineWidth = 1.2;
  context.stroke();
}

function drawRows(plot, view, x, y) {
  const {run} = view;
  const raw = (input, row) => run.X[row * run.network.inputs + input.at] * input.unit + input.zero;
  const [low, high] = extent(run.Y);
  plot.context.save();
  plot.clip();
  const step = Math.ceil(run.rowCount / MOST_ROWS);
  for (let row = 0; row < run.rowCount; row += step) {
    const [shape, fill] = markerOf(run, row, low, high);
    plot.marker(raw(x, row), raw(y, row), shape, fill, run.rowCount > 100 ? 3.2 : 4.5);
  }
  const chosen = [x, y].map((input) => view.x[input.at] * input.unit + input.zero);
  plot.context.lineWidth = 2.5;
  plot.context.strokeStyle = "#000";
  plot.context.beginPath();
  plot.context.arc(plot.px(chosen[0]), plot.py(chosen[1]), 9, 0, 2 * Math.PI);
  plot.context.stroke();
  plot.context.restore();
}

/** Return the shape and the color of a row's marker: of its class, or of its target. */
function markerOf(run, row, low, high) {
  const start = row * run.network.outputs;
  if (run.task === "multiclass") {
    const code = run.classOf(run.Y, start);
    return [code, colors().series[code % 8]];
  }
  if (run.task === "binary") {
    const code = run.Y[start] >= 0.5 ? 1 : 0;
    return [code, css(colors().signed[code ? 4 : 0])];
  }
  return [0, css(between([rgb("#f7f7f7"), rgb("#202020")], (run.Y[start] - low) / (high - low || 1)))];
}

function drawCurve(plot, view) {
  const {run, network, state} = view;
  const [x] = view.axes;
  const {A} = view.strip.passed[view.strip.passed.length - 1];
  const k = network.outputs;
  const xs = Array.from(
    {length: view.strip.size},
    (_, point) => x.low + (point / (view.strip.size - 1)) * (x.high - x.low),
  );
  const ys = xs.map((_, point) => run.unscaled(A[point * k + state.output], state.output));
  const targets = Array.from({length: run.rowCount}, (_, row) =>
    run.unscaled(run.Y[row * k + state.output], state.output),
  );
  if (!plot.begin(axis(x), linearAxis(extent([...ys, ...targets]), shownName(view)))) return "";
  plot.axes();
  const raw = (row) => run.X[row * run.network.inputs + x.at] * x.unit + x.zero;
  targets.forEach((target, row) => plot.marker(raw(row), target, 0, colors().series[1], 3.5));
  plot.curve(xs, ys, colors().series[0], [], 2.2);
  const [low, high] = extent(ys);
  return `Line: ${shownName(view)} of the network, from ${short(low)} to ${short(high)}. Points: the rows.`;
}

function described(view) {
  const {field, run, axes} = view;
  const [low, high] = extent(field);
  const mean = field.reduce((sum, value) => sum + value, 0) / field.length;
  const fixed = run.inputs.length > 2 ? " The other inputs are those of the chosen row." : "";
  return (
    `${shownName(view)} over ${shortened(axes[0].name)} and ${shortened(axes[1].name)}: min ${short(low)}, max ${short(high)}, mean ${short(mean)}. ` +
    `Markers: ${counted(run.rowCount, "row")}; the circle is the chosen one.${fixed}`
  );
}
