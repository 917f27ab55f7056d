// What is shown at one moment: the state, and everything that is computed from it, once and when asked for.

import {Arithmetic} from "./arithmetic.js";
import {SCHEDULES} from "./mathematics.js";
import {total} from "./network.js";

const GRID = 48; // points along an axis
const STRIP = 120; // points along a single input
const GRID_WORK = 2e6; // products of weights and inputs that a grid may take

export class View {
  /**
   * @param {object} state
   * @param {Run} run
   */
  constructor(state, run) {
    this.state = state;
    this.run = run;
    this.live = state.live;
    this.network = this.live ? this.live.network : run.network;
    this.W = this.live ? this.live.W : run.weightsAt(state.place);
    this.epoch = run.epochs[state.place] + (this.live ? this.live.epoch : 0);
    this.x = state.inputs; // of the chosen row, as the sliders have changed them
    this.y = run.row(state.row).y;
  }

  /** Z and a of every layer for all rows. */
  get rows() {
    return this.#once("rows", () => this.network.forward(this.W, this.run.X, this.run.rowCount));
  }

  /** Outputs of all rows. */
  get outputs() {
    return this.rows[this.rows.length - 1].A;
  }

  /** The sum of the loss's terms of each row. */
  get terms() {
    return this.#once("terms", () =>
      this.network.terms(this.rows[this.rows.length - 1], this.run.Y, this.run.rowCount),
    );
  }

  /** The loss over the rows of each set, as far as they are in the page. */
  get losses() {
    return this.#once("losses", () => {
      const found = {};
      for (const [name, {start, n}] of Object.entries(this.run.parts)) {
        if (!n) continue;
        const {Y} = this.run.part(name);
        const penalty = name === "train" ? this.network.cost(this.W) : 0;
        found[name] = total(this.terms.subarray(start, start + n)) / this.network.divisor(Y, n) + penalty;
      }
      return found;
    });
  }

  /** The arithmetic of the chosen row. */
  get arithmetic() {
    return this.#once("arithmetic", () => {
      const {run} = this;
      const settings = this.live ? this.live.settings : run.settings;
      const {warmup, factor} = SCHEDULES[settings.schedule];
      const rate = settings.rate * (warmup ? 1 / warmup : factor(0));
      return new Arithmetic(this.network, this.W, this.x, this.y, {
        ...settings,
        rate,
        names: run.encoded,
        outputs: run.outputs,
      });
    });
  }

  /** Points along each axis of a grid: fewer of a large network. */
  get gridSize() {
    return Math.max(12, Math.min(GRID, Math.floor(Math.sqrt(GRID_WORK / this.network.size))));
  }

  /** The inputs on the axes; the second is missing if the run has one numeric input. */
  get axes() {
    const named = (name) => this.run.numbers.find((input) => input.name === name);
    return [named(this.state.xAxis), named(this.state.yAxis)].filter(Boolean);
  }

  /** Z and a of every layer over a grid of the two inputs on the axes; y varies slowest. */
  get grid() {
    return this.#once("grid", () => {
      const [x, y] = this.axes;
      const size = this.gridSize;
      const {inputs} = this.network;
      const X = new Float64Array(size * size * inputs);
      for (let point = 0; point < size * size; point++) {
        X.set(this.x, point * inputs);
        X[point * inputs + x.at] = scaledAt(x, (point % size) / (size - 1));
        X[point * inputs + y.at] = scaledAt(y, Math.floor(point / size) / (size - 1));
      }
      return {size, X, passed: this.network.forward(this.W, X, size * size)};
    });
  }

  /** Z and a of every layer along the first axis. */
  get strip() {
    return this.#once("strip", () => this.along(this.axes[0]));
  }

  /** Z and a of every layer along an input, the others as in the chosen row. */
  along(input, x = this.x, size = STRIP) {
    const {inputs} = this.network;
    const X = new Float64Array(size * inputs);
    for (let point = 0; point < size; point++) {
      X.set(x, point * inputs);
      X[point * inputs + input.at] = scaledAt(input, point / (size - 1));
    }
    return {size, X, passed: this.network.forward(this.W, X, size)};
  }

  /** The values over the grid that the maps show: an output, the probability of the class, or the error. */
  get field() {
    return this.#once("field", () => {
      const {size, X, passed} = this.grid;
      const {A} = passed[passed.length - 1];
      const k = this.network.outputs;
      const values = new Float64Array(size * size);
      const {output, shown} = this.state;
      for (let point = 0; point < values.length; point++) {
        if (shown === "error") values[point] = this.#error(X, A, point);
        else if (shown === "class") values[point] = A[point * k + this.fieldClasses[point]];
        else values[point] = this.run.unscaled(A[point * k + output], output);
      }
      return values;
    });
  }

  /** The predicted class at each point of the grid, of several. */
  get fieldClasses() {
    return this.#once("fieldClasses", () => {
      const {size, passed} = this.grid;
      const {A} = passed[passed.length - 1];
      return Array.from({length: size * size}, (_, point) =>
        this.run.classOf(A, point * this.network.outputs),
      );
    });
  }

  /** By how much each class is more probable than any other, at each point of the grid. */
  get leads() {
    const {size, passed} = this.grid;
    const {A} = passed[passed.length - 1];
    const k = this.network.outputs;
    return this.run.classes.map((_, code) =>
      Float64Array.from({length: size * size}, (_, point) => {
        let other = -Infinity;
        for (let each = 0; each < k; each++) if (each !== code) other = Math.max(other, A[point * k + each]);
        return A[point * k + code] - other;
      }),
    );
  }

  // Sum over the outputs of (prediction - expected)^2, in the units of the targets.
  #error(X, A, point) {
    const {run} = this;
    const {inputs, outputs} = this.network;
    const raw = run.inputs.map(
      (input) => X[point * inputs + input.at] * (input.unit ?? 1) + (input.zero ?? 0),
    );
    let sum = 0;
    run.formulas.forEach(
      (formula, k) => (sum += (run.unscaled(A[point * outputs + k], k) - formula(raw)) ** 2),
    );
    return sum;
  }

  #once(name, compute) {
    const value = compute();
    Object.defineProperty(this, name, {value});
    return value;
  }
}

/** Return what the network gets for a share of the way from the low to the high end of an input's range. */
export const scaledAt = (input, share) =>
  (input.low + share * (input.high - input.low) - input.zero) / input.unit;
