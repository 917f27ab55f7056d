// The network: forward pass, loss and gradient, in the order of operations that people write down.

import {ACTIVATIONS, LOSSES} from "./mathematics.js";

/**
 * A fully connected network with its loss.
 *
 * Parameters are one vector W. The block of a layer has a row for each unit: the weights of its inputs, then
 * its bias. Values of rows are flat arrays: of n rows and k columns, row i begins at i * k.
 */
export class Network {
  constructor(layers, loss, classWeights = null) {
    this.layers = layers;
    this.lossKey = loss;
    this.loss = LOSSES[loss];
    this.classWeights = classWeights;
    this.inputs = layers[0].inputs;
    this.outputs = layers[layers.length - 1].units;
    this.offsets = [0];
    for (const layer of layers) {
      this.offsets.push(this.offsets[this.offsets.length - 1] + layer.units * this.width(layer));
    }
    this.size = this.offsets[this.offsets.length - 1];
  }

  /** Return the parameters of each unit of a layer. */
  width(layer) {
    return layer.inputs + (layer.bias ? 1 : 0);
  }

  /** Return the place of a parameter in the vector; the column after the last input is the bias. */
  place(layer, unit, column) {
    return this.offsets[layer] + unit * this.width(this.layers[layer]) + column;
  }

  /** Return z and a of every layer, [{Z, A}, ...], for n rows X. */
  forward(W, X, n) {
    const passed = [];
    let inputs = X;
    this.layers.forEach((layer, index) => {
      const {Z, A} = this.#through(layer, index, W, inputs, n);
      passed.push({Z, A});
      inputs = A;
    });
    return passed;
  }

  #through(layer, index, W, inputs, n) {
    const {units, bias} = layer;
    const columns = layer.inputs;
    const width = this.width(layer);
    const Z = new Float64Array(n * units);
    const A = new Float64Array(n * units);
    const {f} = ACTIVATIONS[layer.activation];
    for (let row = 0; row < n; row++) {
      for (let unit = 0; unit < units; unit++) {
        let at = this.offsets[index] + unit * width;
        let z = 0;
        for (let column = 0, from = row * columns; column < columns; column++) z += W[at++] * inputs[from++];
        if (bias) z += W[at];
        Z[row * units + unit] = z;
        if (f) A[row * units + unit] = f(z);
      }
      if (!f) softmax(Z, A, row * units, units);
    }
    return {Z, A};
  }

  /** Return the sum of the loss's terms of each row, class weights included, (n,). */
  terms(output, Y, n) {
    const k = this.outputs;
    const {term} = this.loss;
    const found = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      let sum = 0;
      if (term) {
        for (let at = row * k; at < (row + 1) * k; at++) sum += term(output.Z[at], output.A[at], Y[at]);
      } else {
        sum = crossEntropy(output.Z, Y, row * k, k);
      }
      found[row] = sum * this.rowWeight(Y, row);
    }
    return found;
  }

  /** Return the weight of a row's class: 1 without class weights. */
  rowWeight(Y, row) {
    const weights = this.classWeights;
    if (!weights) return 1;
    if (this.outputs === 1) return weights[0] + (weights[1] - weights[0]) * Y[row];
    return weights.reduce((sum, weight, index) => sum + weight * Y[row * this.outputs + index], 0);
  }

  /** Return what the sum of the terms is divided by. */
  divisor(Y, n) {
    if (this.loss.reduction === "sum") return 1;
    let rows = 0;
    for (let row = 0; row < n; row++) rows += this.rowWeight(Y, row);
    return this.loss.perRow ? rows : rows * this.outputs;
  }

  /** Return what the penalties l1 and l2 add to the loss. */
  cost(W) {
    let sum = 0;
    this.#eachPenalized((place, {l1, l2}) => {
      sum += l1 * Math.abs(W[place]) + 0.5 * l2 * W[place] * W[place];
    });
    return sum;
  }

  #eachPenalized(visit) {
    this.layers.forEach((layer, index) => {
      if (!layer.l1 && !layer.l2) return;
      for (let unit = 0; unit < layer.units; unit++) {
        for (let column = 0; column < layer.inputs; column++) visit(this.place(index, unit, column), layer);
      }
    });
  }

  /** Return the loss over n rows, penalties included. */
  lossOf(W, X, Y, n) {
    const passed = this.forward(W, X, n);
    return total(this.terms(passed[passed.length - 1], Y, n)) / this.divisor(Y, n) + this.cost(W);
  }

  /**
   * Return the loss over n rows, its gradient G, and dL/da and dL/dz of every layer, by backprop.
   *
   * A loss that is written in z, such as cross-entropy, has no dL/da of the last layer.
   */
  gradient(W, X, Y, n) {
    const passed = this.forward(W, X, n);
    const last = this.layers.length - 1;
    const divisor = this.divisor(Y, n);
    const G = new Float64Array(this.size);
    const dA = [];
    const dZ = [];
    [dA[last], dZ[last]] = this.#outputErrors(passed[last], Y, n, divisor);
    for (let index = last; index >= 0; index--) {
      const below = index ? passed[index - 1].A : X;
      this.#accumulate(G, index, dZ[index], below, n);
      if (index)
        [dA[index - 1], dZ[index - 1]] = this.#errorsBelow(W, index, dZ[index], passed[index - 1], n);
    }
    this.#eachPenalized((place, {l1, l2}) => {
      G[place] += l1 * Math.sign(W[place]) + l2 * W[place];
    });
    const loss = total(this.terms(passed[last], Y, n)) / divisor + this.cost(W);
    return {loss, G, dA, dZ, passed};
  }

  #outputErrors({Z, A}, Y, n, divisor) {
    const k = this.outputs;
    const {slope, link} = this.loss;
    const {derivative} = ACTIVATIONS[this.layers[this.layers.length - 1].activation];
    const dA = new Float64Array(n * k);
    const dZ = new Float64Array(n * k);
    for (let row = 0; row < n; row++) {
      const weight = this.rowWeight(Y, row) / divisor;
      const start = row * k;
      const sum = slope ? 0 : total(Y.subarray(start, start + k));
      for (let at = start; at < start + k; at++) {
        const each = slope ? slope(Z[at], A[at], Y[at]) : A[at] * sum - Y[at];
        dA[at] = link ? NaN : each * weight;
        dZ[at] = link ? each * weight : dA[at] * (derivative ? derivative(Z[at], A[at]) : 1);
      }
      if (!link && !derivative) softmaxErrors(dA, A, dZ, start, k);
    }
    return [dA, dZ];
  }

  #accumulate(G, index, dZ, inputs, n) {
    const layer = this.layers[index];
    const columns = layer.inputs;
    for (let unit = 0; unit < layer.units; unit++) {
      const start = this.place(index, unit, 0);
      for (let row = 0; row < n; row++) {
        const error = dZ[row * layer.units + unit];
        for (let column = 0, from = row * columns; column < columns; column++)
          G[start + column] += error * inputs[from++];
        if (layer.bias) G[start + columns] += error;
      }
    }
  }

  #errorsBelow(W, index, above, {Z, A}, n) {
    const layer = this.layers[index];
    const units = layer.inputs;
    const {derivative} = ACTIVATIONS[this.layers[index - 1].activation];
    const dA = new Float64Array(n * units);
    const dZ = new Float64Array(n * units);
    for (let row = 0; row < n; row++) {
      for (let k = 0; k < layer.units; k++) {
        const error = above[row * layer.units + k];
        let at = this.place(index, k, 0);
        for (let unit = 0; unit < units; unit++) dA[row * units + unit] += error * W[at++];
      }
      if (!derivative) softmaxErrors(dA, A, dZ, row * units, units);
      else
        for (let at = row * units; at < (row + 1) * units; at++) dZ[at] = dA[at] * derivative(Z[at], A[at]);
    }
    return [dA, dZ];
  }
}

/** Return the sum of numbers. */
export function total(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function softmax(Z, A, start, k) {
  let largest = -Infinity;
  for (let at = start; at < start + k; at++) largest = Math.max(largest, Z[at]);
  let sum = 0;
  for (let at = start; at < start + k; at++) sum += A[at] = Math.exp(Z[at] - largest);
  for (let at = start; at < start + k; at++) A[at] /= sum;
}

// dL/dz_i = a_i (dL/da_i - sum_j dL/da_j a_j)
function softmaxErrors(dA, A, dZ, start, k) {
  let sum = 0;
  for (let at = start; at < start + k; at++) sum += dA[at] * A[at];
  for (let at = start; at < start + k; at++) dZ[at] = A[at] * (dA[at] - sum);
}

// -sum_j y_j log softmax(z)_j, without overflow
function crossEntropy(Z, Y, start, k) {
  let largest = -Infinity;
  for (let at = start; at < start + k; at++) largest = Math.max(largest, Z[at]);
  let sum = 0;
  for (let at = start; at < start + k; at++) sum += Math.exp(Z[at] - largest);
  const logSum = Math.log(sum);
  let found = 0;
  for (let at = start; at < start + k; at++) found += (logSum - (Z[at] - largest)) * Y[at];
  return found;
}
