// Axes on a canvas, as wide as its place in the page and as sharp as the screen.

import {colors} from "./colors.js";
import {element} from "./dom.js";
import {short, ticks} from "./numbers.js";

const LEFT = 60;
const BOTTOM = 38;
const TOP = 12;
const RIGHT = 12;
const BAR = 12; // width of a color bar
const FONT = 12;

export class Plot {
  /**
   * @param {string} shape the class that sets the proportions: flat, square or low
   * @param {object} given attributes of the canvas
   */
  constructor(shape = "flat", given = {}) {
    this.canvas = element("canvas", {class: shape, role: "img", ...given});
  }

  /** Say in words what is shown. */
  set words(text) {
    this.canvas.setAttribute("aria-label", text);
  }

  /** Clear the canvas; return false where it has no size yet. */
  clear() {
    const {clientWidth, clientHeight} = this.canvas;
    if (!clientWidth || !clientHeight) return false;
    const density = devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * density), Math.round(clientHeight * density)];
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, {width, height});
    this.context = this.canvas.getContext("2d");
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.context.clearRect(0, 0, clientWidth, clientHeight);
    this.context.font = `${FONT}px system-ui, sans-serif`;
    this.width = clientWidth;
    this.height = clientHeight;
    return true;
  }

  /**
   * Begin a picture with axes; return false where the canvas has no size yet.
   *
   * @param {{low: number, high: number, label: string, log?: boolean}} x
   * @param {{low: number, high: number, label: string, log?: boolean}} y
   */
  begin(x, y) {
    if (!this.clear()) return false;
    this.x = widened(x);
    this.y = widened(y);
    this.left = LEFT;
    this.bottom = this.height - BOTTOM;
    this.right = this.width - RIGHT;
    this.top = TOP;
    return true;
  }

  /** Leave room on the right for a color bar with the ends of a scale, and draw it. */
  colorBar(colorAt, low, high) {
    const {context} = this;
    this.right = this.width - 58;
    const left = this.right + 8;
    for (let y = this.top; y < this.bottom; y++) {
      context.fillStyle = colorAt(high + ((y - this.top) / (this.bottom - this.top)) * (low - high));
      context.fillRect(left, y, BAR, 1.5);
    }
    context.fillStyle = colors().quiet;
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillText(tick(high), left + BAR + 3, this.top);
    context.textBaseline = "bottom";
    context.fillText(tick(low), left + BAR + 3, this.bottom);
  }

  px(value) {
    return this.left + share(this.x, value) * (this.right - this.left);
  }

  py(value) {
    return this.bottom - share(this.y, value) * (this.bottom - this.top);
  }

  /** Draw grid lines, ticks and labels. */
  axes({lines = true} = {}) {
    const {context} = this;
    const {ink, quiet, rule, line} = colors();
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of places(this.y, (this.bottom - this.top) / 34)) {
      const y = this.py(value);
      if (lines) this.#rule(rule, this.left, y, this.right, y);
      context.fillStyle = quiet;
      context.fillText(tick(value), this.left - 5, y);
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const value of places(this.x, (this.right - this.left) / 64)) {
      const x = this.px(value);
      if (lines) this.#rule(rule, x, this.top, x, this.bottom);
      context.fillStyle = quiet;
      const room = context.measureText(tick(value)).width / 2;
      context.fillText(tick(value), Math.min(x, this.width - room - 1), this.bottom + 5);
    }
    this.#rule(line, this.left, this.bottom, this.right, this.bottom);
    this.#rule(line, this.left, this.top, this.left, this.bottom);
    context.fillStyle = ink;
    context.fillText(
      fitting(context, this.x.label, this.right - this.left),
      (this.left + this.right) / 2,
      this.height - FONT - 4,
    );
    context.save();
    context.translate(3, (this.top + this.bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(fitting(context, this.y.label, this.bottom - this.top), 0, 0);
    context.restore();
  }

  #rule(color, x1, y1, x2, y2) {
    this.context.strokeStyle = color;
    this.context.beginPath();
    this.context.moveTo(x1, y1);
    this.context.lineTo(x2, y2);
    this.context.stroke();
  }

  /** Draw a line through points, with gaps where a value is not finite. */
  curve(xs, ys, color, dash = [], width = 1.6) {
    const {context} = this;
    context.save();
    this.clip();
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    let isDown = false;
    for (let index = 0; index < xs.length; index++) {
      const isSound = Number.isFinite(ys[index]) && (!this.y.log || ys[index] > 0);
      if (isSound && isDown) context.lineTo(this.px(xs[index]), this.py(ys[index]));
      else if (isSound) context.moveTo(this.px(xs[index]), this.py(ys[index]));
      isDown = isSound;
    }
    context.stroke();
    context.restore();
  }

  /** Keep what is drawn next inside the axes. */
  clip() {
    this.context.beginPath();
    this.context.rect(this.left - 1, this.top - 1, this.right - this.left + 2, this.bottom - this.top + 2);
    this.context.clip();
  }

  /** Draw a vertical line, the cursor of an epoch. */
  cursor(value) {
    this.#rule(colors().ink, this.px(value), this.top, this.px(value), this.bottom);
  }

  /** Draw a marker; its shape is one of six. */
  marker(x, y, shape, fill, size = 4.5) {
    drawShape(this.context, this.px(x), this.py(y), shape, fill, size);
  }

  /** Write a message instead of a picture. */
  message(text) {
    this.words = text;
    if (!this.clear()) return;
    this.context.fillStyle = colors().quiet;
    this.context.textAlign = "left";
    this.context.textBaseline = "top";
    wrapped(this.context, text, this.width - 20).forEach((each, index) =>
      this.context.fillText(each, 10, 14 + index * 17),
    );
  }
}

/** Draw one of six shapes. */
export function drawShape(context, x, y, shape, fill, size) {
  context.beginPath();
  SHAPES[shape % SHAPES.length](context, x, y, size);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = colors().isDark ? "#000" : "#fff";
  context.stroke();
}

const SHAPES = [
  (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
  (c, x, y, r) => c.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (c, x, y, r) => polygon(c, x, y, r * 1.25, 3, -Math.PI / 2),
  (c, x, y, r) => polygon(c, x, y, r * 1.25, 4, 0),
  (c, x, y, r) => polygon(c, x, y, r * 1.25, 3, Math.PI / 2),
  (c, x, y, r) => polygon(c, x, y, r * 1.15, 5, -Math.PI / 2),
];

function polygon(context, x, y, r, corners, turn) {
  for (let corner = 0; corner < corners; corner++) {
    const angle = turn + (2 * Math.PI * corner) / corners;
    context[corner ? "lineTo" : "moveTo"](x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  context.closePath();
}

function share({low, high, log}, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

// A range without width, or with one of a few roundings, shows nothing.
function widened(axis) {
  const {low, high, log} = axis;
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-9 * size) return axis;
  return log
    ? {...axis, low: low / 2, high: high * 2}
    : {...axis, low: low - (size || 1) / 2, high: high + (size || 1) / 2};
}

function places({low, high, log}, most) {
  if (!log) return ticks(low, high, Math.max(2, Math.min(6, most)));
  const decades = [];
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, most)));
  for (let power = first; power <= last; power += step) decades.push(10 ** power);
  return decades.length > 1 ? decades : [low, high];
}

const tick = (value) => short(value).replace(/-/g, "−");

function fitting(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = [...text];
  while (end.length > 1 && context.measureText(`${end.join("")}…`).width > room) end = end.slice(0, -1);
  return `${end.join("")}…`;
}

function wrapped(context, text, room) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (context.measureText(longer).width <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Return a linear axis for values, with a margin. */
export function linearAxis([low, high], label) {
  const margin = 0.06 * (high - low);
  return {low: low - margin, high: high + margin, label};
}

/** Return an axis for losses: logarithmic if they are positive and span more than a factor of 50. */
export function lossAxis([low, high], label) {
  if (low > 0 && high / low > 50)
    return {low: low / 1.2, high: high * 1.2, log: true, label: label && `${label} (log scale)`};
  return linearAxis([low, high], label);
}
