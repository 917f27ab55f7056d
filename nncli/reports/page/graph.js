// Figure: the network, each weight a line and each unit a map of what it computes over the inputs.

import {ColorScale} from "./colors.js";
import {element, shortened, svg} from "./dom.js";
import {counted, digits, extent, short} from "./numbers.js";

const MOST_UNITS = 12; // drawn of a layer
const HEIGHT = 460; // pixels, if that leaves units
const ROWS = [46, 72]; // apart

export function networkFigure({open}) {
  const words = element("p", {class: "quiet"});
  const place = element("div", {class: "network"});
  let built = null;

  function draw(view) {
    if (built?.network !== view.network || built.run !== view.run) built = build(view, place, open);
    update(view, built);
    words.textContent = described(view, built);
  }

  return {title: "Network", wide: true, element: element("div", {}, place, words), draw};
}

function build({network, run}, place, open) {
  const columns = [inputColumn(run), ...network.layers.map((layer, index) => unitColumn(layer, index))];
  const tallest = Math.max(...columns.map(({shown}) => shown.length));
  place.style.height = `${tallest * rowHeight(tallest) + 34}px`;
  place.classList.toggle("dense", rowHeight(tallest) < 64);
  const picture = svg("svg", {"aria-hidden": "true"});
  const nodes = columns.map((column, at) =>
    column.shown.map((unit, row) => node(column, unit, position(columns, at, row), run, open)),
  );
  const lines = columns
    .slice(1)
    .flatMap((column, at) =>
      column.shown.flatMap((unit, row) =>
        columns[at].shown.map((input, inputRow) =>
          edge(at, unit, input, position(columns, at, inputRow), position(columns, at + 1, row), open),
        ),
      ),
    );
  picture.append(...lines.map(({line}) => line));
  const names = columns.map(({name}, at) => {
    const label = element("span", {class: "layer-name"}, name);
    if (at === 0) label.style.left = "0";
    else if (at === columns.length - 1) label.style.right = "0";
    else Object.assign(label.style, {left: `${position(columns, at, 0).x}%`, transform: "translateX(-50%)"});
    label.style.bottom = "0";
    return label;
  });
  place.replaceChildren(picture, ...nodes.flat().map(({button}) => button), ...names);
  return {network, run, columns, nodes: nodes.slice(1).flat(), lines, place};
}

function inputColumn(run) {
  const shown = run.encoded.slice(0, MOST_UNITS).map((_, index) => index);
  return {
    layer: -1,
    shown,
    name:
      counted(run.encoded.length, "input") +
      (run.encoded.length > shown.length ? `, ${shown.length} shown` : ""),
  };
}

function unitColumn({units, activation}, layer) {
  const shown = Array.from({length: Math.min(units, MOST_UNITS)}, (_, unit) => unit);
  const more = units > shown.length ? `, ${shown.length} of ${units} shown` : "";
  return {layer, shown, name: `layers.${layer}: ${activation.split(" ")[0]}${more}`};
}

const rowHeight = (tallest) => Math.max(ROWS[0], Math.min(ROWS[1], HEIGHT / tallest));

function position(columns, at, row) {
  const tallest = Math.max(...columns.map(({shown}) => shown.length));
  const edge = 8;
  const start = (tallest - columns[at].shown.length) / 2;
  return {
    x: edge + (at * (100 - 2 * edge)) / Math.max(1, columns.length - 1),
    y: (start + row + 0.5) * rowHeight(tallest),
  };
}

// An input is a label, a unit a button that shows its arithmetic.
function node({layer}, unit, {x, y}, run, open) {
  const canvas = layer < 0 ? null : element("canvas");
  const button =
    layer < 0
      ? element("span", {class: "unit input", title: run.encoded[unit]}, shortened(run.encoded[unit], 18))
      : element(
          "button",
          {
            class: "unit",
            type: "button",
            title: `layers.${layer}, unit ${unit}`,
            onclick: () => open([layer, unit]),
          },
          canvas,
        );
  button.style.left = `${x}%`;
  button.style.top = `${y}px`;
  return {layer, unit, button, canvas};
}

function edge(layer, unit, column, from, to, open) {
  const line = svg("line", {x1: `${from.x}%`, y1: from.y, x2: `${to.x}%`, y2: to.y}, svg("title"));
  line.addEventListener("click", () => open([layer, unit, column]));
  return {layer, unit, column, line};
}

function update(view, {columns, nodes, lines}) {
  const {network, W} = view;
  const [low, high] = extent(W);
  const largest = Math.max(Math.abs(low), Math.abs(high)) || 1;
  for (const {layer, unit, column, line} of lines) {
    const w = W[network.place(layer, unit, column)];
    line.setAttribute("stroke", w < 0 ? "var(--signed-0)" : "var(--signed-4)");
    line.setAttribute("stroke-width", 0.5 + (6 * Math.abs(w)) / largest);
    if (w < 0) line.setAttribute("stroke-dasharray", "7 3");
    else line.removeAttribute("stroke-dasharray");
    line.firstChild.textContent = `layers.${layer}.weight[${unit},${column}] = ${digits(w)}`;
  }
  const opened = view.state.opened;
  for (const {layer, unit, button, canvas} of nodes) {
    button.classList.toggle("open", opened !== null && opened[0] === layer && opened[1] === unit);
    const a = view.arithmetic.found.passed[layer].A[unit];
    button.setAttribute(
      "aria-label",
      `layers.${layer}, unit ${unit}: a = ${short(a)} for the chosen row. Show its arithmetic`,
    );
    if (view.axes.length) thumbnail(view, layer, unit, canvas);
  }
}

// What a unit computes over the inputs on the axes: a map, or of one input a strip.
function thumbnail(view, layer, unit, canvas) {
  const isMap = view.axes.length > 1;
  const {units} = view.network.layers[layer];
  const {size, passed} = isMap ? view.grid : view.strip;
  const {A} = passed[layer];
  const height = isMap ? size : 1;
  if (canvas.width !== size || canvas.height !== height) Object.assign(canvas, {width: size, height});
  const values = new Float64Array(size * height);
  for (let point = 0; point < values.length; point++) values[point] = A[point * units + unit];
  const scale = scaleOf(view.network.layers[layer].activation, values);
  paint(canvas, size, height, (point) => scale.at(values[point]));
}

// Values of an activation with bounds are colored alike at every epoch.
function scaleOf(activation, values) {
  if (activation === "sigmoid" || activation === "softmax") return new ColorScale(0, 1, 0.5);
  if (activation === "tanh") return new ColorScale(-1, 1, 0);
  const [low, high] = extent(values);
  return new ColorScale(low, high, 0);
}

/** Fill a canvas with a color for each point, the first row at the bottom. */
export function paint(canvas, width, height, colorOf) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = 4 * ((height - 1 - row) * width + column);
      const [red, green, blue] = colorOf(row * width + column);
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

function described({network, W}) {
  let largest = [0, 0, 0];
  network.layers.forEach((layer, index) => {
    for (let unit = 0; unit < layer.units; unit++) {
      for (let column = 0; column < layer.inputs; column++) {
        if (Math.abs(W[network.place(index, unit, column)]) > Math.abs(W[network.place(...largest)]))
          largest = [index, unit, column];
      }
    }
  });
  const [layer, unit, column] = largest;
  return (
    `${counted(network.size, "parameter")}. Width: size of a weight; solid orange: positive, dashed blue: negative. ` +
    `The largest is layers.${layer}.weight[${unit},${column}] = ${short(W[network.place(...largest)])}. ` +
    "A unit shows what it computes over the inputs on the axes. Choose one to see its arithmetic."
  );
}
