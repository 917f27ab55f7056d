// The state of the page, which is also the fragment of its address.

/** Return the state that a fragment describes, for runs; what it does not name or names wrongly is as at first. */
export function stateOf(fragment, runs) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const whole = (name, most, otherwise) => {
    const value = given.has(name) ? Number(given.get(name)) : NaN;
    return Number.isInteger(value) && value >= 0 && value <= most ? value : otherwise;
  };
  const number = whole("run", runs.length - 1, 0);
  const run = runs[number];
  const saved = run.epochs.indexOf(run.snapshots.saved);
  const state = {
    run: number,
    place: given.has("epoch") ? run.placeOf(Number(given.get("epoch")) || 0) : saved,
    row: whole("row", run.rowCount, 1) - 1,
    output: whole("output", run.network.outputs - 1, 0),
    shown: run.shownChoices.includes(given.get("shown")) ? given.get("shown") : run.shownChoices[0],
    opened: null,
    live: null,
    turn: {azimuth: -55, elevation: 40, zoom: 1},
    settings: Object.fromEntries(
      SETTINGS.filter((name) => given.has(name)).map((name) => [name, given.get(name)]),
    ),
  };
  [state.xAxis, state.yAxis] = axesOf(given, run);
  state.row = Math.max(0, state.row);
  state.inputs = run.row(state.row).x;
  const opened = (given.get("open") ?? "").split(".").map(Number);
  if (opened.length >= 2 && opened.every(Number.isInteger) && isUnit(run, opened)) state.opened = opened;
  return state;
}

/** Names of the settings of a training in the page. */
const SETTINGS = ["rate", "optimizer", "activation", "hidden", "noise", "batch"];

function isUnit(run, [layer, unit, column = 0]) {
  const each = run.network.layers[layer];
  return (
    each !== undefined && unit >= 0 && unit < each.units && column >= 0 && column < run.network.width(each)
  );
}

function axesOf(given, run) {
  const names = run.numbers.map(({name}) => name);
  const [x, y] = ["x", "y"]
    .map((axis) => given.get(axis))
    .map((name) => (names.includes(name) ? name : null));
  const first = run.axes.length ? run.axes : names;
  const xAxis = x ?? first.find((name) => name !== y) ?? null;
  return [xAxis, y && y !== xAxis ? y : (first.find((name) => name !== xAxis) ?? null)];
}

/** Return the fragment that describes a state. */
export function fragmentOf(state, run) {
  const named = new URLSearchParams();
  if (state.run) named.set("run", state.run);
  named.set("epoch", run.epochs[state.place]);
  if (state.row) named.set("row", state.row + 1);
  if (state.output) named.set("output", state.output);
  if (state.shown !== run.shownChoices[0]) named.set("shown", state.shown);
  if (state.xAxis) named.set("x", state.xAxis);
  if (state.yAxis) named.set("y", state.yAxis);
  if (state.opened) named.set("open", state.opened.join("."));
  for (const [name, value] of Object.entries(state.settings)) named.set(name, value);
  return `#${named}`;
}
