// Figure: training continued in the page, from the shown epoch or with another network.

import {ACTIVATIONS, OPTIMIZERS} from "./mathematics.js";
import {configOf, settingsOf, trainingOf} from "./continued.js";
import {choice, element, labeled} from "./dom.js";
import {counted, digits, grouped} from "./numbers.js";
import {yamlOf} from "./yaml.js";

const BUSY = 9; // milliseconds of training between two pictures

export function playgroundFigure(page) {
  const change = (update, how) => page.change(update, how);
  const status = element("p", {"aria-live": "polite"});
  const copied = element("textarea", {
    readonly: true,
    rows: 12,
    hidden: true,
    "aria-label": "config as YAML",
  });
  const form = element("div", {class: "controls"});
  const button = (label, onclick, name = null) =>
    element("button", {type: "button", class: name, onclick}, label);
  const train = button("Train", () => toggle(), "main");
  const buttons = element(
    "div",
    {class: "controls"},
    train,
    button("One epoch", () => step()),
    button("Reset", () => reset()),
    button("Copy as YAML", () => copy()),
  );
  let isRunning = false;
  let controls = null;

  function draw(view) {
    if (controls?.run !== view.run) controls = controlsOf(view, form, set);
    if (!view.live && isRunning) pause();
    status.textContent = described(view);
  }

  const set = (name, value) => {
    pause();
    change(({settings}) => ({settings: {...settings, [name]: value}, live: null}));
  };

  function begin() {
    if (page.view.live) return true;
    try {
      change(() => ({live: trainingOf(page.view)}), {now: true});
      return true;
    } catch (problem) {
      status.textContent = problem.message;
      return false;
    }
  }

  function toggle() {
    if (isRunning) return pause();
    if (!begin()) return undefined;
    isRunning = true;
    train.textContent = "Pause";
    return requestAnimationFrame(run);
  }

  function pause() {
    isRunning = false;
    train.textContent = "Train";
  }

  function run() {
    const {live} = page.view;
    if (!isRunning || !live) return;
    const until = performance.now() + BUSY;
    do live.next();
    while (performance.now() < until && live.isFinite);
    if (!live.isFinite) pause();
    change(() => ({live}));
    if (isRunning) requestAnimationFrame(run);
  }

  function step() {
    pause();
    if (!begin()) return;
    const {live} = page.view;
    live.next();
    change(() => ({live}));
  }

  function reset() {
    pause();
    change(() => ({live: null}));
  }

  async function copy() {
    pause();
    if (!begin()) return;
    copied.value = yamlOf(configOf(page.view));
    copied.hidden = false;
    copied.select();
    try {
      await navigator.clipboard.writeText(copied.value);
      status.textContent = "Copied. Save it as a file, and give that to nncli train.";
    } catch {
      status.textContent = "Copy this text, save it as a file, and give that to nncli train.";
    }
  }

  return {
    title: "Continue here",
    wide: true,
    element: element("div", {}, form, buttons, status, copied),
    draw,
  };
}

function controlsOf({run, state}, form, set) {
  const given = {...settingsOf(run), ...state.settings};
  const number = (name, attributes) =>
    element("input", {
      type: "number",
      value: given[name],
      onchange: (event) => set(name, event.target.value),
      ...attributes,
    });
  const hidden = element("input", {
    type: "text",
    value: given.hidden,
    size: 8,
    onchange: (event) => set("hidden", event.target.value),
  });
  const activations = Object.keys(ACTIVATIONS).filter((key) => ACTIVATIONS[key].f);
  form.replaceChildren(
    labeled("learning rate", number("rate", {min: 0, step: "any"})),
    labeled(
      "optimizer",
      choice(
        Object.keys(OPTIMIZERS).map((key) => [key, key]),
        given.optimizer,
        (key) => set("optimizer", key),
      ),
    ),
    labeled(
      "hidden activation",
      choice(
        activations.map((key) => [key, key]),
        given.activation,
        (key) => set("activation", key),
      ),
    ),
    labeled("hidden layers", hidden),
    labeled("batch size", number("batch", {min: 1, max: run.parts.train.n, step: 1})),
    labeled("noise (standard deviation of the inputs)", number("noise", {min: 0, step: 0.05})),
  );
  return {run};
}

function described({run, live, epoch, losses}) {
  const {total, parts} = run.rows;
  const some =
    parts.train < total.train
      ? ` The page holds ${grouped(parts.train)} of ${counted(total.train, "training row")}, so nncli trains on more.`
      : "";
  if (!live)
    return `Training goes on from epoch ${grouped(epoch)} by backprop, with the rows in the order of the file and the optimizer at its start.${some}`;
  if (!live.isFinite)
    return `The loss is not finite after ${counted(live.epoch, "epoch")}. Lower the learning rate, and reset.`;
  return `${counted(live.epoch, "epoch")} trained here: loss ${digits(losses.train)}.${some}`;
}
