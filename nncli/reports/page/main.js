// The page: one state, from which every figure is drawn.

import {compareFigure} from "./compare.js";
import {choice, element, labeled, shortened} from "./dom.js";
import {networkFigure} from "./graph.js";
import {errorsFigure, weightsFigure} from "./histories.js";
import {described, lossFigure} from "./losses.js";
import {liveBar} from "./live.js";
import {mapFigure} from "./map.js";
import {Network} from "./network.js";
import {counted, grouped} from "./numbers.js";
import {playgroundFigure} from "./playground.js";
import {rowFigure} from "./row.js";
import {Run} from "./run.js";
import {configFigure} from "./settings.js";
import {fragmentOf, stateOf} from "./state.js";
import {stepsFigure} from "./steps.js";
import {surfaceFigure} from "./surface.js";
import {dependenceFigure, importanceFigure, predictionsFigure, scoresFigure} from "./tables.js";
import {Training} from "./training.js";
import {View} from "./view.js";

const REPLAY = 6000; // milliseconds from the first epoch to the last, but at least
const FRAME = 30; // for each recorded epoch
const QUIET = 200; // milliseconds without a change, after which the figures outside of the window are drawn

class Page {
  constructor({version, runs, live = false, figures: titles = null, chosen = {}}) {
    this.isLive = live;
    this.version = version;
    this.runs = runs.map((embedded, number) => new Run(embedded, number));
    this.state = stateOf(location.hash || `#${new URLSearchParams(chosen)}`, this.runs);
    this.isDue = false;
    this.change = this.change.bind(this);
    this.open = this.open.bind(this);
    const several = this.runs.length > 1 ? [compareFigure] : [];
    const figures = [
      ...several,
      lossFigure,
      mapFigure,
      surfaceFigure,
      weightsFigure,
      errorsFigure,
      networkFigure,
      playgroundFigure,
      stepsFigure,
      rowFigure,
    ];
    figures.push(predictionsFigure, scoresFigure, importanceFigure, dependenceFigure, configFigure);
    this.figures = figures
      .map((make) => make(this))
      .filter(({title}) => titles === null || titles.includes(title));
  }

  get run() {
    return this.runs[this.state.run];
  }

  /** Change the state by what a function of it and the run returns, and draw. */
  change(update, {now = false} = {}) {
    const changed = update(this.state, this.run);
    this.state = {...this.state, ...changed};
    if (now) return this.draw();
    if (!this.isDue) requestAnimationFrame(() => this.draw());
    this.isDue = true;
    return undefined;
  }

  /** Show the arithmetic of a unit [layer, unit] or a weight [layer, unit, column]. */
  open(place) {
    this.change(() => ({opened: place}));
  }

  draw() {
    this.isDue = false;
    this.view = new View(this.state, this.run);
    this.drawBar(this.view);
    for (const figure of this.figures) {
      figure.isStale = !figure.isSeen;
      if (figure.isSeen) figure.draw(this.view);
    }
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.drawStale(), QUIET);
    this.#remember();
  }

  /** Draw the figures outside of the window, which a replay leaves as they are. */
  drawStale() {
    for (const figure of this.figures) {
      if (figure.isStale) figure.draw(this.view);
      figure.isStale = false;
    }
  }

  #watch(sections) {
    const observer = new IntersectionObserver(
      (entries) => {
        for (const {target, isIntersecting} of entries) {
          const figure = this.figures[sections.indexOf(target)];
          figure.isSeen = isIntersecting;
          if (isIntersecting && figure.isStale) figure.draw(this.view);
          if (isIntersecting) figure.isStale = false;
        }
      },
      {rootMargin: "100px"},
    );
    sections.forEach((section) => observer.observe(section));
  }

  // The address changes a little later, because browsers allow few changes a second.
  #remember() {
    clearTimeout(this.later);
    this.later = setTimeout(() => history.replaceState(null, "", fragmentOf(this.state, this.run)), 300);
  }

  show(place) {
    place.append(this.head(), this.bar(), this.isLive ? liveBar(this) : "", this.controls());
    const sections = this.figures.map((figure, at) => {
      const id = `section-${at}`;
      figure.isSeen = true; // until the browser has laid them out
      return element(
        "section",
        {class: figure.wide ? "wide" : figure.tall ? "tall" : null, "aria-labelledby": id},
        element("h2", {id}, figure.title),
        figure.element,
      );
    });
    place.append(
      element("div", {class: "sections"}, sections),
      element(
        "p",
        {class: "quiet"},
        `Made by nncli ${this.version}. The page is one file, and it computes what it shows from the recorded weights.`,
      ),
    );
    this.draw();
    this.#watch(sections);
    addEventListener("resize", () => this.change(() => ({})));
    addEventListener("beforeprint", () => this.drawStale());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.change(() => ({})));
    addEventListener("hashchange", () => this.change(() => stateOf(location.hash, this.runs)));
  }

  head() {
    const names = this.runs.map(({name}) => name);
    const choose = (number) => this.change(() => stateOf(`#run=${number}`, this.runs));
    const chooser = choice(
      names.map((name, at) => [String(at), shortened(name, 40)]),
      String(this.state.run),
      choose,
    );
    this.title = element("h1");
    this.summary = element("p", {class: "quiet"});
    this.notes = element("p", {class: "quiet"});
    return element(
      "header",
      {},
      this.title,
      this.summary,
      this.notes,
      names.length > 1 ? element("div", {class: "controls"}, labeled("run", chooser)) : "",
    );
  }

  bar() {
    this.play = element("button", {type: "button", class: "main", onclick: () => this.toggle()}, "Play");
    this.slider = element("input", {type: "range", min: 0, step: 1, "aria-label": "epoch"});
    this.slider.addEventListener("input", () => {
      this.stop();
      this.change(() => ({place: Number(this.slider.value), live: null}));
    });
    this.status = element("output");
    return element("div", {class: "bar"}, this.play, this.slider, this.status);
  }

  /** What the maps show: the inputs on the axes, and the output. */
  controls() {
    this.choices = element("div", {class: "controls"});
    return this.choices;
  }

  drawBar(view) {
    const {run, state} = view;
    if (this.shownRun !== run) this.#newRun(run);
    this.slider.max = run.epochs.length - 1;
    this.slider.value = state.place;
    this.slider.disabled = this.play.disabled = run.epochs.length < 2;
    this.slider.setAttribute("aria-valuetext", `epoch ${grouped(view.epoch)}`);
    this.status.textContent = described(view);
  }

  #newRun(run) {
    this.shownRun = run;
    this.title.textContent = run.name;
    document.title = `${run.name} - nncli report`;
    const shape = [run.network.inputs, ...run.network.layers.map(({units}) => units)].join("-");
    const rows = Object.values(run.rows.total).reduce((sum, n) => sum + n, 0);
    this.summary.textContent = `${run.status}, ${run.task}, network ${shape} with ${counted(run.network.size, "parameter")}, ${counted(rows, "row")}, loss ${run.network.loss.name} (${run.network.loss.reduction}).`;
    this.notes.textContent = notesOf(run).join(" ");
    this.choices.replaceChildren(...this.#choicesOf(run));
  }

  #choicesOf(run) {
    const {state} = this;
    const names = (run.axes.length > 1 ? run.axes : run.numbers.map(({name}) => name)).slice(0, 100);
    const options = names.map((name) => [name, shortened(name)]);
    const found = [];
    if (names.length > 2) {
      const set = (axis, other) => (name) =>
        this.change((before) =>
          before[other] === name ? {[axis]: name, [other]: before[axis]} : {[axis]: name},
        );
      found.push(
        labeled("horizontal axis", choice(options, state.xAxis, set("xAxis", "yAxis"))),
        labeled("vertical axis", choice(options, state.yAxis, set("yAxis", "xAxis"))),
      );
    }
    const shown = run.shownChoices;
    const labels = {class: "predicted class", output: "output", error: "error against the formula"};
    if (shown.length > 1)
      found.push(
        labeled(
          "maps show",
          choice(
            shown.map((name) => [name, labels[name]]),
            state.shown,
            (name) => this.change(() => ({shown: name})),
          ),
        ),
      );
    if (run.network.outputs > 1) {
      found.push(
        labeled(
          "output",
          choice(
            run.outputs.map((name, at) => [String(at), shortened(name)]),
            String(state.output),
            (at) => this.change(() => ({output: Number(at)})),
          ),
        ),
      );
    }
    return found;
  }

  toggle() {
    if (this.playing) return this.stop();
    const last = this.run.epochs.length - 1;
    const from = this.state.place >= last ? 0 : this.state.place;
    const duration = Math.max(FRAME * last, REPLAY) * (1 - from / last);
    const started = performance.now();
    this.play.textContent = "Pause";
    const next = (now) => {
      if (!this.playing) return;
      const share = Math.min(1, Math.max(0, now - started) / duration);
      const place = Math.round(from + share * (last - from));
      if (place !== this.state.place || this.state.live)
        this.change(() => ({place, live: null}), {now: true});
      if (share < 1) this.playing = requestAnimationFrame(next);
      else this.stop();
    };
    this.playing = requestAnimationFrame(next);
    return undefined;
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.play.textContent = "Play";
  }
}

// What the page leaves out or does otherwise than the training.
function notesOf(run) {
  const {parts, total} = run.rows;
  const notes = [];
  const [shown, all] = [parts, total].map((each) => Object.values(each).reduce((sum, n) => sum + n, 0));
  if (shown < all)
    notes.push(
      `Shown: ${grouped(shown)} of ${grouped(all)} rows, evenly spaced; losses here are over these.`,
    );
  const {recorded} = run.snapshots;
  if (run.epochs.length < recorded)
    notes.push(`Shown: ${grouped(run.epochs.length)} of ${grouped(recorded)} recorded epochs.`);
  if (run.epochs.length < 2 && run.status !== "running")
    notes.push(
      "No weights were recorded during training, so there is only one epoch to show (record.weights).",
    );
  if (run.dtype !== "float64")
    notes.push(`The run was trained in ${run.dtype}; the page computes in float64.`);
  if (run.layers.some(({dropout}) => dropout)) notes.push("Dropout is left out here.");
  if (run.status === "diverged") notes.push("Training diverged; these are the last finite weights.");
  return notes;
}

const page = new Page(JSON.parse(document.getElementById("content").textContent));
page.show(document.getElementById("page"));
window.nncli = {page, Network, Training};
