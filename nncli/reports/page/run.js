// A run: its network, rows and recorded weights, and what its columns mean.

import {FORMULAS} from "./mathematics.js";
import {Network} from "./network.js";
import {decoded, short} from "./numbers.js";

export class Run {
  constructor(embedded, number) {
    Object.assign(this, embedded);
    this.network = new Network(embedded.layers, embedded.loss, embedded.classWeights);
    this.weights = decoded(embedded.snapshots.weights);
    this.epochs = embedded.snapshots.epochs;
    this.X = decoded(embedded.rows.X);
    this.Y = decoded(embedded.rows.Y);
    this.parts = partsOf(embedded.rows);
    this.numbers = this.inputs.filter(({kind}) => kind === "number");
    this.curves = embedded.history.panels.map(({label, curves}) => ({
      label,
      curves: Object.fromEntries(Object.entries(curves).map(([part, values]) => [part, decoded(values)])),
    }));
    this.historyEpochs = decoded(embedded.history.epochs);
    this.formulas = FORMULAS[number];
  }

  /** Return the recorded weights at a place in `epochs`. */
  weightsAt(place) {
    return this.weights.subarray(place * this.network.size, (place + 1) * this.network.size);
  }

  /** Add epochs of a training that is followed while it runs; those that are known already are left out. */
  append({historyEpochs, losses, epochs, weights}) {
    const known = this.historyEpochs.length ? this.historyEpochs[this.historyEpochs.length - 1] : -1;
    const [newEpochs, newLosses] = [decoded(historyEpochs), decoded(losses)];
    const isNew = (_, at) => newEpochs[at] > known;
    this.curves[0].curves.train = joined(this.curves[0].curves.train, newLosses.filter(isNew));
    this.historyEpochs = joined(this.historyEpochs, newEpochs.filter(isNew));
    const last = this.epochs[this.epochs.length - 1];
    const from = epochs.findIndex((epoch) => epoch > last);
    if (from < 0) return;
    this.weights = joined(this.weights, decoded(weights).subarray(from * this.network.size));
    this.epochs = [...this.epochs, ...epochs.slice(from)];
  }

  /** Return the place of the last recorded epoch up to an epoch. */
  placeOf(epoch) {
    let place = 0;
    while (place + 1 < this.epochs.length && this.epochs[place + 1] <= epoch) place++;
    return place;
  }

  /** Return the rows of a set: where they begin, how many they are, and their inputs and targets. */
  part(name) {
    const {start, n} = this.parts[name];
    const {inputs, outputs} = this.network;
    return {
      start,
      n,
      X: this.X.subarray(start * inputs, (start + n) * inputs),
      Y: this.Y.subarray(start * outputs, (start + n) * outputs),
    };
  }

  /** Return the inputs and the targets of a row. */
  row(index) {
    const {inputs, outputs} = this.network;
    return {
      x: this.X.slice(index * inputs, (index + 1) * inputs),
      y: this.Y.slice(index * outputs, (index + 1) * outputs),
    };
  }

  get rowCount() {
    return this.X.length / this.network.inputs;
  }

  /** Return a row's set, and its number in it from 1. */
  placeOfRow(index) {
    const [part, {start}] = Object.entries(this.parts).findLast(([, each]) => each.start <= index && each.n);
    return {part, number: index - start + 1};
  }

  /** Return the set that scores are about: the test set, else the validation set, else the training set. */
  get scored() {
    return ["test", "validation", "train"].find((part) => this.parts[part]?.n);
  }

  get isClassified() {
    return this.task === "binary" || this.task === "multiclass";
  }

  /** Return what the maps can show, the first at first. */
  get shownChoices() {
    if (this.task === "multiclass") return ["class", "output"];
    return this.formulas ? ["output", "error"] : ["output"];
  }

  /** Return the settings of the run's own training. */
  get settings() {
    return {
      optimizer: this.optimizer,
      schedule: this.schedule,
      rate: this.learningRate,
      batchSize: this.batchSize,
      clipNorm: this.clipNorm,
    };
  }

  /** Return the class of a row's targets or outputs, as its place among the classes. */
  classOf(values, start) {
    if (this.task === "binary") return values[start] >= this.threshold ? 1 : 0;
    let best = 0;
    for (let k = 1; k < this.network.outputs; k++) if (values[start + k] > values[start + best]) best = k;
    return best;
  }

  /** Return an output in the unit of its target. */
  unscaled(value, output) {
    const target = this.targets[this.task === "multiclass" ? 0 : output];
    return this.task === "regression" ? value * target.unit + target.zero : value;
  }

  /** Return a row's prediction as text. */
  predicted(A, start) {
    if (this.isClassified) return this.classes[this.classOf(A, start)];
    return this.targets.map((_, k) => short(this.unscaled(A[start + k], k))).join(", ");
  }

  /** Return the value of an input column as text. */
  cell(input, x, start = 0) {
    const at = start + input.at;
    if (input.kind === "number") {
      const value = x[at] * input.unit + input.zero; // of a 0 that was scaled, a rounding is left
      return short(Math.abs(value) < 1e-12 * (input.high - input.low) ? 0 : value);
    }
    if (input.kind === "boolean") return x[at] >= 0.5 ? "true" : "false";
    if (input.kind === "category") {
      const place = input.categories.findIndex((_, k) => x[at + k] > 0.5);
      return place < 0 ? "none of them" : input.categories[place];
    }
    return "a date";
  }
}

function joined(first, second) {
  const both = new Float64Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function partsOf({parts}) {
  let start = 0;
  const found = {};
  for (const [name, n] of Object.entries(parts)) {
    found[name] = {start, n};
    start += n;
  }
  return found;
}

export const PART_NAMES = {train: "training", validation: "validation", test: "test"};
