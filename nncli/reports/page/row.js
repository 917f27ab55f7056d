// Figure: one row, its inputs as sliders that move the prediction, and z, a and the gradients of every unit.

import {choice, element, labeled, shortened, tableOf} from "./dom.js";
import {counted, digits, grouped, short} from "./numbers.js";
import {PART_NAMES} from "./run.js";

const MOST_SLIDERS = 24;
const MOST_UNITS = 60;

export function rowFigure({change, open}) {
  const number = element("input", {
    type: "number",
    min: 1,
    step: 1,
    onchange: () => choose(Number(number.value) - 1),
  });
  const sliders = element("div");
  const outcome = element("p", {"aria-live": "polite"});
  const units = element("div");
  let built = null;

  const choose = (row) =>
    change((_, run) => {
      const sound = Math.max(0, Math.min(run.rowCount - 1, Math.round(row) || 0));
      return {row: sound, inputs: run.row(sound).x};
    });
  const back = element(
    "button",
    {type: "button", onclick: () => change(({row}, run) => ({inputs: run.row(row).x}))},
    "Reset its inputs",
  );

  function draw(view) {
    const {run, state} = view;
    number.max = run.rowCount;
    if (document.activeElement !== number) number.value = state.row + 1;
    if (built?.run !== run) built = {run, set: slidersOf(run, sliders, change)};
    built.set(view);
    outcome.textContent = described(view);
    units.replaceChildren(unitTable(view, open));
  }

  const controls = element("div", {class: "controls"}, labeled("row", number), back);
  return {
    title: "One row",
    wide: true,
    element: element("div", {class: "side-by-side"}, element("div", {}, controls, sliders, outcome), units),
    draw,
  };
}

function described({run, state, x, y, arithmetic}) {
  const {passed, loss} = arithmetic.found;
  const {A} = passed[passed.length - 1];
  const {part, number} = run.placeOfRow(state.row);
  const own = run.row(state.row).x;
  const isChanged = x.some((value, at) => value !== own[at]);
  const row = `Row ${grouped(number)} of the ${PART_NAMES[part]} set${isChanged ? ", its inputs changed" : ""}`;
  const sure = run.isClassified
    ? ` (${short(run.task === "binary" ? A[0] : Math.max(...A))} ${run.task === "binary" ? `for ${shortened(run.classes[1])}` : "probable"})`
    : "";
  return `${row}: predicted ${run.predicted(A, 0)}${sure}, target ${run.predicted(y, 0)}, loss ${digits(loss)}.`;
}

function slidersOf(run, place, change) {
  const shown = run.inputs.slice(0, MOST_SLIDERS);
  const controls = shown.map((input) => controlOf(input, change));
  const more = run.inputs.length - shown.length;
  place.replaceChildren(
    tableOf(
      [],
      controls.map(({label, control, output}) => [label, cell(control), output]),
      {label: "inputs of the row"},
    ),
    more > 0
      ? element("p", {class: "quiet"}, `${counted(more, "further input")} not shown; they are as in the row.`)
      : "",
  );
  return ({x}) => controls.forEach(({set}, at) => set(x, run.cell(shown[at], x)));
}

const cell = (child) => element("td", {}, child);

function controlOf(input, change) {
  const label = shortened(input.name);
  const output = element("output");
  const move = (write) =>
    change(({inputs}) => {
      const changed = Float64Array.from(inputs);
      write(changed);
      return {inputs: changed};
    });
  if (input.kind === "number") {
    const step = (input.high - input.low) / 200;
    const control = element("input", {
      type: "range",
      min: input.low,
      max: input.high,
      step,
      "aria-label": input.name,
    });
    control.addEventListener("input", () =>
      move((x) => (x[input.at] = (Number(control.value) - input.zero) / input.unit)),
    );
    return {
      label,
      control,
      output,
      set: (x, text) => {
        control.value = x[input.at] * input.unit + input.zero;
        output.textContent = text;
      },
    };
  }
  if (input.kind === "date") {
    return {label, control: "fixed", output, set: (x, text) => (output.textContent = text)};
  }
  const categories = input.kind === "boolean" ? ["false", "true"] : input.categories;
  const control = choice(
    categories.map((name, at) => [String(at), shortened(name)]),
    "0",
    (value) =>
      move((x) => {
        if (input.kind === "boolean") x[input.at] = Number(value);
        else categories.forEach((_, at) => (x[input.at + at] = at === Number(value) ? 1 : 0));
      }),
  );
  control.setAttribute("aria-label", input.name);
  return {
    label,
    control,
    output,
    set: (x, text) => {
      control.value =
        input.kind === "boolean"
          ? String(Number(x[input.at] >= 0.5))
          : String(categories.findIndex((_, at) => x[input.at + at] > 0.5));
      output.textContent = text;
    },
  };
}

function unitTable({network, arithmetic}, open) {
  const {passed, dA, dZ} = arithmetic.found;
  const rows = [];
  network.layers.forEach(({units}, layer) => {
    for (let unit = 0; unit < units && rows.length < MOST_UNITS; unit++) {
      const button = element(
        "button",
        {type: "button", onclick: () => open([layer, unit])},
        `a${layer}_${unit}`,
      );
      const values = [passed[layer].Z[unit], passed[layer].A[unit], dA[layer][unit], dZ[layer][unit]];
      rows.push([button, ...values.map((value) => (Number.isNaN(value) ? "" : digits(value)))]);
    }
  });
  const all = network.layers.reduce((sum, {units}) => sum + units, 0);
  return element(
    "div",
    {},
    tableOf(["unit", "z", "a", "dL/da", "dL/dz"], rows, {label: "values of the units"}),
    all > rows.length
      ? element("p", {class: "quiet"}, `${counted(all - rows.length, "further unit")} not shown.`)
      : "",
  );
}
