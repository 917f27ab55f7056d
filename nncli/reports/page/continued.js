// A training in the page: its settings, network, rows and start weights, and the config that repeats it.

import {ACTIVATIONS, OPTIMIZERS} from "./mathematics.js";
import {Network} from "./network.js";
import {Training} from "./training.js";

const MOST_UNITS = 64; // of a hidden layer

/** Return the settings of a training in the page that continues the run as it is. */
export function settingsOf(run) {
  const hidden = run.network.layers.slice(0, -1);
  return {
    rate: String(run.learningRate),
    optimizer: run.optimizer,
    activation: hidden.length ? hidden[0].activation : "tanh",
    hidden: hidden.map(({units}) => units).join(", "),
    batch: String(Math.min(run.batchSize, run.parts.train.n)),
    noise: "0",
  };
}

/** Return a training with the settings of the page, from the shown weights if the layers are the run's. */
export function trainingOf({run, state, W}) {
  const given = {...settingsOf(run), ...state.settings};
  const rate = inRange("learning rate", given.rate, (value) => value > 0, "above 0");
  const batchSize = inRange(
    "batch size",
    given.batch,
    (value) => Number.isInteger(value) && value > 0,
    "a whole number above 0",
  );
  const noise = inRange("noise", given.noise, (value) => value >= 0, "0 or more");
  const units = hiddenOf(given.hidden);
  const layers = layersOf(run, units, given.activation);
  const network = new Network(layers, run.loss, run.classWeights);
  const isSame =
    network.size === run.network.size &&
    layers.every((layer, at) => layer.units === run.network.layers[at]?.units);
  const rows = noisy(run.part("train"), run, noise);
  const settings = {
    optimizer: given.optimizer,
    schedule: run.schedule,
    rate,
    batchSize: Math.min(batchSize, rows.n),
    clipNorm: run.clipNorm,
  };
  const training = new Training(network, isSame ? W : drawn(network), rows, settings);
  return Object.assign(training, {noise});
}

function inRange(name, text, isSound, range) {
  const value = Number(text);
  if (text === "" || !isSound(value)) throw new Error(`The ${name} must be ${range}, not "${text}".`);
  return value;
}

function hiddenOf(text) {
  if (!text.trim()) return [];
  return text
    .split(",")
    .map((each) =>
      inRange(
        "number of units",
        each.trim(),
        (value) => Number.isInteger(value) && value > 0 && value <= MOST_UNITS,
        `from 1 to ${MOST_UNITS}, layers separated by commas`,
      ),
    );
}

// The run's own layers with another activation where their number is the same, else new ones.
function layersOf(run, units, activation) {
  const own = run.network.layers;
  const last = own[own.length - 1];
  const before = own.slice(0, -1);
  let inputs = run.network.inputs;
  const hidden = units.map((count, at) => {
    const like = before[at] ?? {bias: true, l1: 0, l2: 0};
    const isOwn = at < before.length && activation === before[0].activation;
    const layer = {
      inputs,
      units: count,
      activation: isOwn ? like.activation : activation,
      bias: like.bias,
      l1: like.l1,
      l2: like.l2,
      dropout: 0,
    };
    inputs = count;
    return layer;
  });
  return [...hidden, {...last, inputs, dropout: 0}];
}

// Weights drawn as by glorot_uniform, the same in every visit; biases 0.
function drawn(network) {
  const random = generator(1);
  const W = new Float64Array(network.size);
  network.layers.forEach((layer, index) => {
    const limit = Math.sqrt(6 / (layer.inputs + layer.units));
    for (let unit = 0; unit < layer.units; unit++) {
      for (let column = 0; column < layer.inputs; column++)
        W[network.place(index, unit, column)] = limit * (2 * random() - 1);
    }
  });
  return W;
}

// mulberry32: 32 bits of state are enough for a few thousand weights.
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// Normal noise on every input that is a number, in the numbers that the network gets.
function noisy({X, Y, n}, run, noise) {
  if (!noise) return {X, Y, n};
  const random = generator(2);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const changed = Float64Array.from(X);
  for (let row = 0; row < n; row++) {
    for (const {at} of run.numbers) changed[row * run.network.inputs + at] += noise * normal();
  }
  return {X: changed, Y, n};
}

/** Return the config of the training in the page, with the weights it started from. */
export function configOf({run, live}) {
  const {name, training, optimizer, dataset, ...others} = structuredClone(run.config);
  const kept = Object.fromEntries(
    Object.entries(optimizer).filter(([key]) => key === "schedule" || key === "clip_norm"),
  );
  const own = OPTIMIZERS[live.settings.optimizer].config;
  return {
    name: `${name}-continued`,
    ...others, // its network and gradient are replaced below
    dataset: live.noise ? inlineRows(run, live) : dataset,
    network: {layers: live.network.layers.map((layer, index) => layerConfig(live, layer, index))},
    gradient: "backprop",
    optimizer: {...own, learning_rate: live.settings.rate, ...kept},
    training: {
      epochs: live.epoch,
      batch_size: live.settings.batchSize === live.rows.n ? "full" : live.settings.batchSize,
      shuffle: false,
      dtype: "float64",
      engine: training.engine,
    },
  };
}

function layerConfig({network, start}, layer, index) {
  const weights = [];
  const biases = [];
  for (let unit = 0; unit < layer.units; unit++) {
    const first = network.place(index, unit, 0);
    weights.push(Array.from(start.subarray(first, first + layer.inputs)));
    if (layer.bias) biases.push(start[first + layer.inputs]);
  }
  return {
    units: layer.units,
    activation: ACTIVATIONS[layer.activation].config,
    bias: layer.bias,
    l1: layer.l1 || null,
    l2: layer.l2 || null,
    weights,
    biases: layer.bias ? biases : null,
  };
}

// Noisy rows are written out, as the network got them.
function inlineRows(run, {rows}) {
  const {inputs, outputs} = run.network;
  const targets = run.isClassified ? [run.targets[0].name] : run.targets.map(({name}) => name);
  const target = (row) => {
    const start = row * outputs;
    if (!run.isClassified) return Array.from(rows.Y.subarray(start, start + outputs));
    return [run.classes[run.task === "binary" ? Number(rows.Y[start] >= 0.5) : run.classOf(rows.Y, start)]];
  };
  return {
    columns: [...run.encoded, ...targets],
    rows: Array.from({length: rows.n}, (_, row) => [
      ...rows.X.subarray(row * inputs, (row + 1) * inputs),
      ...target(row),
    ]),
    targets,
    task: run.task,
  };
}
