// The arithmetic of one unit for one row, line by line, as `nncli trace` prints it.

import {ACTIVATIONS, OPTIMIZERS} from "./mathematics.js";
import {digits} from "./numbers.js";
import {norm} from "./training.js";

const LONG_SUM = 8; // terms of a sum; of a longer one
const MOST_TERMS = 5; // are written out
const LONG_FORMULA = 70; // characters

/**
 * Return the lines of a unit's forward pass, backward pass and update, [{name, formula, numbers, value}, ...].
 *
 * The row is a batch by itself, and the optimizer's step its first.
 */
export class Arithmetic {
  /**
   * @param {Network} network
   * @param {Float64Array} W
   * @param {Float64Array} x what the network gets
   * @param {Float64Array} y its targets
   * @param {{names: string[], outputs: string[], optimizer: string, rate: number, clipNorm: number|null}} run
   */
  constructor(network, W, x, y, run) {
    Object.assign(this, {network, W, x, y, run});
    this.found = network.gradient(W, x, y, 1);
    this.divisor = network.divisor(y, 1);
    this.weight = network.rowWeight(y, 0);
  }

  /** Return the inputs of a layer. */
  #inputs(layer) {
    return layer ? this.found.passed[layer - 1].A : this.x;
  }

  /** Return the name of an input of a layer; empty for the bias. */
  inputName(layer, column) {
    if (column === this.network.layers[layer].inputs) return "";
    return layer ? `a${layer - 1}_${column}` : this.run.names[column];
  }

  forward(layer, unit) {
    const {activation, bias, inputs} = this.network.layers[layer];
    const {Z, A} = this.found.passed[layer];
    const values = this.#inputs(layer);
    const products = [];
    for (let column = 0; column < inputs; column++) {
      products.push([this.W[this.network.place(layer, unit, column)], values[column]]);
    }
    const last = bias ? this.W[this.network.place(layer, unit, inputs)] : null;
    const sum = line("z", this.#weightedSum(layer), sumOfProducts(products, last), Z[unit]);
    const {text} = ACTIVATIONS[activation];
    if (text) return [sum, filled("a", text, {z: Z[unit]}, A[unit])];
    const every = Array.from(Z, (z) => `exp(${digits(z)})`).join(" + ");
    return [sum, line("a", "exp(z) / (sum of exp(z))", `exp(${digits(Z[unit])}) / (${every})`, A[unit])];
  }

  #weightedSum(layer) {
    const {inputs, bias} = this.network.layers[layer];
    const names = Array.from({length: inputs}, (_, column) => this.inputName(layer, column));
    const written = names.map((name) => `w[${name}] * ${name}`).join(" + ");
    const isShort = names.length <= LONG_SUM && [...written].length <= LONG_FORMULA;
    return (isShort ? written : "sum of w * input") + (bias ? " + bias" : "");
  }

  /** Return the lines of the loss: the term of each output, and the loss. */
  terms() {
    const {loss, outputs} = this.network;
    const {A} = this.#output;
    const terms = this.#eachTerm();
    const lines = loss.term
      ? terms.map((term, unit) =>
          filled(`term of ${this.run.outputs[unit]}`, this.#termText(unit), this.#values(unit), term),
        )
      : [
          line(
            "term",
            "-(sum of y * log(a))",
            `-(${Array.from(A, (a, k) => `${digits(this.y[k])} * log(${digits(a)})`).join(" + ")})`,
            terms[0],
          ),
        ];
    const several = terms.length > 1;
    let numbers = this.#scaled(terms.map(digits).join(" + "), several);
    let formula = this.#scaledFormula(several ? "sum of terms" : lines[0].name, several);
    if (this.network.layers.some(({l1, l2}) => l1 || l2)) {
      formula += " + penalties";
      numbers += ` + ${digits(this.network.cost(this.W))} (penalties)`;
    }
    return [...lines, line("L", formula, numbers, this.found.loss)];
  }

  #eachTerm() {
    const {loss, outputs} = this.network;
    const {Z, A} = this.#output;
    if (!loss.term) return [this.network.terms(this.#output, this.y, 1)[0] / this.weight];
    return Array.from({length: outputs}, (_, k) => loss.term(Z[k], A[k], this.y[k]));
  }

  // Of binary cross-entropy the formula of textbooks, where six digits suffice for it.
  #termText(unit) {
    const {loss} = this.network;
    const a = this.#output.A[unit];
    if (loss.name !== "binary_cross_entropy" || a <= 1e-9 || a >= 1 - 1e-9) return loss.text;
    return ["-(y * log(a) + (1 - y) * log(1 - a))", "-((«y») * log(«a») + (1 - («y»)) * log(1 - («a»)))"];
  }

  get #output() {
    return this.found.passed[this.found.passed.length - 1];
  }

  #values(unit) {
    const {Z, A} = this.#output;
    return {y: this.y[unit], z: Z[unit], a: A[unit], ...this.network.loss.options};
  }

  #scaled(text, several) {
    const factor =
      (this.weight === 1 ? "" : ` * ${digits(this.weight)}`) +
      (this.divisor === 1 ? "" : ` / ${digits(this.divisor)}`);
    return several && factor ? `(${text})${factor}` : text + factor;
  }

  #scaledFormula(text, several) {
    const isWeighted = this.weight !== 1;
    const averages = !this.network.loss.perRow && this.network.outputs > 1;
    let factor = isWeighted ? " * class_weight" : "";
    if (this.divisor !== 1) {
      const below = [...(isWeighted ? ["class_weight"] : []), ...(averages ? ["outputs"] : [])];
      factor += below.length > 1 ? ` / (${below.join(" * ")})` : ` / ${below.join("")}`;
    }
    return several && factor ? `(${text})${factor}` : text + factor;
  }

  /** Return the factors of the chain rule of a unit, and the derivative by each weight. */
  backward(layer, unit) {
    const isLast = layer === this.network.layers.length - 1;
    const lines = isLast ? this.#outputError(unit) : this.#error(layer, unit);
    const width = this.network.width(this.network.layers[layer]);
    return [...lines, ...Array.from({length: width}, (_, column) => this.derivative(layer, unit, column))];
  }

  /** Return the derivative of the loss by one weight. */
  derivative(layer, unit, column) {
    const name = this.inputName(layer, column);
    const error = this.found.dZ[layer][unit];
    const place = this.network.place(layer, unit, column);
    const {l1, l2} = this.network.layers[layer];
    let formula = name ? `dL/dz * ${name}` : "dL/dz";
    let numbers = name ? sumOfProducts([[error, this.#inputs(layer)[column]]]) : digits(error);
    if (name && (l1 || l2)) {
      formula += " + penalties";
      numbers += ` + ${digits(l1 * Math.sign(this.W[place]) + l2 * this.W[place])} (penalties)`;
    }
    return line(name ? `dL/dw[${name}]` : "dL/dbias", formula, numbers, this.found.G[place]);
  }

  #outputError(unit) {
    const last = this.network.layers.length - 1;
    const {slopeText, link} = this.network.loss;
    const {derivative} = ACTIVATIONS[this.network.layers[last].activation];
    const [dA, dZ] = [this.found.dA[last], this.found.dZ[last]];
    const values = this.#values(unit);
    if (!slopeText) {
      const text = `${digits(values.a)} * ${digits(this.y.reduce((sum, y) => sum + y, 0))} - ${digits(values.y)}`;
      return [
        line("dL/dz", this.#scaledFormula("a * (sum of y) - y", true), this.#scaled(text, true), dZ[unit]),
      ];
    }
    const numbers = this.#scaled(substituted(slopeText[1], values), true);
    const formula = this.#scaledFormula(slopeText[0], true);
    if (link) return [line("dL/dz", formula, numbers, dZ[unit])];
    const first = line("dL/da", formula, numbers, dA[unit]);
    if (derivative) return [first, ...this.#throughActivation(last, unit)];
    const sum = dA.reduce((all, each, k) => all + each * this.#output.A[k], 0);
    const text = `${digits(values.a)} * (${digits(dA[unit])} - ${digits(sum)})`;
    return [first, line("dL/dz", "a * (dL/da - (sum of dL/da * a))", text, dZ[unit])];
  }

  #error(layer, unit) {
    const above = this.network.layers[layer + 1];
    const errors = this.found.dZ[layer + 1];
    const products = Array.from({length: above.units}, (_, k) => [
      errors[k],
      this.W[this.network.place(layer + 1, k, unit)],
    ]);
    const formula = `sum over layers.${layer + 1} of dL/dz * w[a${layer}_${unit}]`;
    return [
      line("dL/da", formula, sumOfProducts(products), this.found.dA[layer][unit]),
      ...this.#throughActivation(layer, unit),
    ];
  }

  #throughActivation(layer, unit) {
    const {derivative, derivativeText} = ACTIVATIONS[this.network.layers[layer].activation];
    const {Z, A} = this.found.passed[layer];
    const values = {z: Z[unit], a: A[unit]};
    const slope = derivative(values.z, values.a);
    const [dA, dZ] = [this.found.dA[layer][unit], this.found.dZ[layer][unit]];
    return [
      filled("da/dz", derivativeText, values, slope),
      line("dL/dz", "dL/da * da/dz", sumOfProducts([[dA, slope]]), dZ),
    ];
  }

  /** Return the share that clipping leaves of the gradient, as a line; none without clipping. */
  clipping() {
    const {clipNorm} = this.run;
    if (clipNorm === null) return [];
    const length = norm(this.found.G);
    const share = Math.min(1, clipNorm / (length + 1e-6));
    const numbers = `minimum(${digits(clipNorm)} / (${digits(length)} + 1e-06), 1)`;
    return [line("share", "minimum(clip_norm / (norm + 1e-06), 1)", numbers, share)];
  }

  /** Return the optimizer's assignments for one weight. */
  update(layer, unit, column) {
    const {rate, optimizer} = this.run;
    const rule = OPTIMIZERS[optimizer];
    const place = this.network.place(layer, unit, column);
    const name = this.inputName(layer, column);
    const [share] = [...this.clipping().map(({value}) => value), 1];
    const values = {w: this.W[place], g: this.found.G[place] * share, update: 1, rate, ...rule.options};
    for (const slot of rule.slots) values[slot] = rule.initial;
    const lines = [];
    if (rule.weightDecay) {
      const decay = rule.weightDecay;
      const g = values.g + decay * values.w;
      lines.push(filled("g", ["g + decay * w", "(«g») + («decay») * («w»)"], {...values, decay}, g));
      values.g = g;
    }
    const evaluated = rule.trace(values);
    rule.assignments.forEach(({target, text}, index) => {
      const isLast = index === rule.assignments.length - 1;
      const shown = filled(target, text, values, evaluated[index]);
      lines.push(isLast ? {...shown, name: name ? `new w[${name}]` : "new bias"} : shown);
      values[target] = evaluated[index];
    });
    return name ? lines : lines.map((each) => ({...each, formula: each.formula.replace(/\bw\b/g, "bias")}));
  }
}

const line = (name, formula, numbers, value) => ({name, formula, numbers, value});

const filled = (name, [formula, template], values, value) =>
  line(name, formula, substituted(template, values), value);

/** Return a formula with numbers in the place of its marks; parentheses after a name are those of a call. */
function substituted(template, values) {
  const text = template.replace(/(?<!\w)\(«(\w+)»\)|«(\w+)»/g, (mark, inner, bare) => {
    const value = values[inner ?? bare];
    if (value === undefined) return inner ?? bare;
    return inner ? factor(value) : digits(value);
  });
  return led(text);
}

/** Return `a * b + c * d + last`; of a long sum the largest products, and what the others add up to. */
function sumOfProducts(factors, last = null) {
  let products = factors.map(([a, b]) => `${factor(a)} * ${factor(b)}`);
  if (products.length > LONG_SUM) {
    const size = ([a, b]) => Math.abs(a * b);
    const order = factors
      .map((_, index) => index)
      .sort((i, j) => size(factors[j]) - size(factors[i]) || i - j);
    const rest = order
      .slice(MOST_TERMS)
      .reduce((sum, index) => sum + factors[index][0] * factors[index][1], 0);
    products = order
      .slice(0, MOST_TERMS)
      .sort((i, j) => i - j)
      .map((index) => products[index]);
    products.push(`${factor(rest)} (${factors.length - MOST_TERMS} smaller terms)`);
  }
  return led([...products, ...(last === null ? [] : [factor(last)])].join(" + "));
}

const factor = (value) => (value < 0 ? `(${digits(value)})` : digits(value));

// Without the parentheses around a leading negative number, except in a power or a choice.
const led = (text) => text.replace(/^\((-[^()]+)\)(?!\^| if)/, "$1");
