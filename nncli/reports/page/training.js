// Training in the page: epochs of updates by backprop, with rows in the order of the file.

import {OPTIMIZERS, SCHEDULES} from "./mathematics.js";

/** A training of a network on n rows, which begins with the optimizer's slots at their initial values. */
export class Training {
  /**
   * @param {Network} network
   * @param {Float64Array} W the weights to start from
   * @param {{X: Float64Array, Y: Float64Array, n: number}} rows
   * @param {{optimizer: string, schedule: string, rate: number, batchSize: number, clipNorm: number|null}} settings
   */
  constructor(network, W, rows, settings) {
    this.network = network;
    this.start = Float64Array.from(W);
    this.rows = rows;
    this.settings = settings;
    this.optimizer = OPTIMIZERS[settings.optimizer];
    this.reset();
  }

  /** Return to the weights it started from. */
  reset() {
    this.W = Float64Array.from(this.start);
    this.slots = this.optimizer.slots.map(() => new Float64Array(this.W.length).fill(this.optimizer.initial));
    this.update = 0;
    this.epoch = 0;
    this.losses = [this.network.lossOf(this.W, this.rows.X, this.rows.Y, this.rows.n)];
  }

  /** Train for one epoch; return its loss, each batch measured before its update. */
  next() {
    const {X, Y, n} = this.rows;
    const size = this.settings.batchSize;
    const {inputs, outputs} = this.network;
    const whole = this.network.divisor(Y, n);
    const rate = this.#rate();
    let loss = 0;
    for (let start = 0; start < n; start += size) {
      const rows = Math.min(size, n - start);
      const x = X.subarray(start * inputs, (start + rows) * inputs);
      const y = Y.subarray(start * outputs, (start + rows) * outputs);
      const found = this.network.gradient(this.W, x, y, rows);
      const share = this.network.loss.reduction === "mean" ? this.network.divisor(y, rows) / whole : 1;
      loss += found.loss * share;
      this.#step(found.G, rate);
    }
    this.epoch += 1;
    this.losses.push(loss);
    return loss;
  }

  /** Tell whether the loss and the weights are numbers. */
  get isFinite() {
    return Number.isFinite(this.losses[this.losses.length - 1]) && this.W.every(Number.isFinite);
  }

  #rate() {
    const {warmup, factor} = SCHEDULES[this.settings.schedule];
    const share = this.epoch < warmup ? (this.epoch + 1) / warmup : factor(this.epoch - warmup);
    return this.settings.rate * share;
  }

  #step(G, rate) {
    this.update += 1;
    const {clipNorm} = this.settings;
    if (clipNorm !== null) scale(G, Math.min(1, clipNorm / (norm(G) + 1e-6)));
    const decay = this.optimizer.weightDecay;
    if (decay) for (let i = 0; i < G.length; i++) G[i] += decay * this.W[i];
    this.optimizer.step(this.W, G, this.slots, this.update, rate);
  }
}

/** Return the Euclidean norm of a gradient. */
export const norm = (G) => Math.sqrt(G.reduce((sum, g) => sum + g * g, 0));

function scale(G, share) {
  if (share < 1) for (let i = 0; i < G.length; i++) G[i] *= share;
}
