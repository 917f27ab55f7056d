// Figure: the arithmetic of one unit or weight for the chosen row, line by line.

import {element, tableOf} from "./dom.js";
import {digits, short} from "./numbers.js";

const MOST_WEIGHTS = 24;

export function stepsFigure({open}) {
  const body = element("div");

  function draw(view) {
    const {state, network, arithmetic} = view;
    if (
      !state.opened ||
      !network.layers[state.opened[0]] ||
      state.opened[1] >= network.layers[state.opened[0]].units
    ) {
      body.replaceChildren(
        element("p", {}, "Choose a unit or a weight in the network to see how its numbers are computed."),
      );
      return;
    }
    const [layer, unit, column] = state.opened;
    const title =
      column === undefined ? `layers.${layer}, unit ${unit}` : nameOf(network, layer, unit, column);
    body.replaceChildren(
      element(
        "p",
        {},
        `${title}, row ${state.row + 1}, as a batch by itself. Numbers have six digits, or more just below 1.`,
      ),
      ...(column === undefined ? unitSteps(view, layer, unit) : weightSteps(arithmetic, layer, unit, column)),
      ...(column === undefined
        ? [element("h3", {}, "Weights"), weightButtons(view, layer, unit, open)]
        : [toUnit(layer, unit, open)]),
    );
  }

  return {title: "Arithmetic", wide: true, element: body, draw};
}

const nameOf = (network, layer, unit, column) =>
  column === network.layers[layer].inputs
    ? `layers.${layer}.bias[${unit}]`
    : `layers.${layer}.weight[${unit},${column}]`;

function unitSteps({network, arithmetic}, layer, unit) {
  const isOutput = layer === network.layers.length - 1;
  const factors = arithmetic
    .backward(layer, unit)
    .filter(({name}) => !name.startsWith("dL/dw") && name !== "dL/dbias");
  return [
    ...lines("Forward", arithmetic.forward(layer, unit)),
    ...(isOutput ? lines(`Loss: ${network.loss.name}, ${network.loss.reduction}`, arithmetic.terms()) : []),
    ...lines("Backward", factors),
  ];
}

function weightSteps(arithmetic, layer, unit, column) {
  const factors = arithmetic
    .backward(layer, unit)
    .filter(({name}) => !name.startsWith("dL/dw") && name !== "dL/dbias");
  const clipped = arithmetic.clipping();
  return [
    ...lines("Forward", arithmetic.forward(layer, unit)),
    ...lines("Backward: factors of the chain rule", [...factors, arithmetic.derivative(layer, unit, column)]),
    ...lines(clipped.length ? "Update, with g = dL/dw * share" : "Update, with g = dL/dw", [
      ...clipped,
      ...arithmetic.update(layer, unit, column),
    ]),
  ];
}

function lines(title, found) {
  const rows = found.map(({name, formula, numbers, value}) => {
    const sides = [...new Set([formula, numbers, digits(value)])].filter(Boolean);
    const last = sides.pop();
    return [name, ...[0, 1].map((at) => (sides[at] ? `= ${sides[at]}` : "")), `= ${last}`];
  });
  return [element("h3", {}, title), tableOf([], rows, {class: "formula", label: title})];
}

function weightButtons({network, W, arithmetic}, layer, unit, open) {
  const width = network.width(network.layers[layer]);
  const columns = Array.from({length: width}, (_, column) => column);
  const size = (column) => -Math.abs(W[network.place(layer, unit, column)]);
  const shown =
    columns.length > MOST_WEIGHTS
      ? columns.sort((a, b) => size(a) - size(b)).slice(0, MOST_WEIGHTS)
      : columns;
  const rows = shown.map((column) => {
    const button = element(
      "button",
      {type: "button", onclick: () => open([layer, unit, column])},
      arithmetic.inputName(layer, column) || "bias",
    );
    const place = network.place(layer, unit, column);
    return [button, digits(W[place]), digits(arithmetic.found.G[place])];
  });
  const more = width - shown.length;
  return element(
    "div",
    {},
    tableOf(["weight of", "w", "dL/dw"], rows, {label: "weights of the unit"}),
    more > 0 ? element("p", {class: "quiet"}, `${short(more)} smaller weights not shown.`) : "",
  );
}

const toUnit = (layer, unit, open) =>
  element(
    "button",
    {type: "button", onclick: () => open([layer, unit])},
    `Back to layers.${layer}, unit ${unit}`,
  );
