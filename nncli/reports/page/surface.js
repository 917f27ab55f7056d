// Figure: the same values as a surface that can be turned by dragging or with the arrow keys.

import {colors, css} from "./colors.js";
import {element, shortened} from "./dom.js";
import {fieldColor, shownName} from "./map.js";
import {extent, short} from "./numbers.js";
import {Plot} from "./plot.js";

const MOST_QUADS = 30; // along an axis
const STEP = 5; // degrees of an arrow key

export function surfaceFigure({change}) {
  const plot = new Plot("square", {tabindex: 0, class: "square solid"});
  const words = element("p", {class: "quiet"});
  plot.canvas.setAttribute("aria-roledescription", "surface; turn it with the arrow keys, zoom with + and -");

  const turn = (azimuth, elevation, zoom = 1) =>
    change(({turn: before}) => ({
      turn: {
        azimuth: before.azimuth + azimuth,
        elevation: Math.max(-89, Math.min(89, before.elevation + elevation)),
        zoom: Math.max(0.4, Math.min(4, before.zoom * zoom)),
      },
    }));
  const keys = {
    ArrowLeft: [-STEP, 0],
    ArrowRight: [STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
    "+": [0, 0, 1.1],
    "-": [0, 0, 1 / 1.1],
  };
  plot.canvas.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    turn(...keys[event.key]);
  });
  plot.canvas.addEventListener("pointerdown", (event) => plot.canvas.setPointerCapture(event.pointerId));
  plot.canvas.addEventListener(
    "pointermove",
    (event) => event.buttons && turn(-event.movementX / 2, event.movementY / 2),
  );
  plot.canvas.addEventListener(
    "wheel",
    (event) => {
      if (document.activeElement !== plot.canvas) return; // so that the page can be scrolled past it
      event.preventDefault();
      turn(0, 0, event.deltaY < 0 ? 1.1 : 1 / 1.1);
    },
    {passive: false},
  );

  function draw(view) {
    if (view.axes.length < 2) {
      plot.message("A surface needs two inputs that are numbers.");
      words.textContent = "";
    } else if (plot.clear()) {
      drawSurface(plot, view);
      const [low, high] = extent(view.field);
      const {azimuth, elevation} = view.state.turn;
      plot.words = `${shownName(view)} as a surface, from ${short(low)} to ${short(high)}.`;
      words.textContent = `Drag it, or use the arrow keys, to turn it; + and − zoom. From ${short(low)} to ${short(high)}, seen from ${Math.round(azimuth)}°, ${Math.round(elevation)}° up.`;
    }
  }

  return {title: "Surface", element: element("div", {}, plot.canvas, words), draw};
}

function drawSurface(plot, view) {
  const {size} = view.grid;
  const {field} = view;
  const [low, high] = extent(field);
  const project = projection(plot, view.state.turn);
  const heightOf = (value) => (high > low ? (value - low) / (high - low) : 0.5) - 0.5;
  const step = Math.max(1, Math.ceil((size - 1) / MOST_QUADS));
  const places = [];
  for (let at = 0; at < size; at += step) places.push(Math.min(at, size - 1));
  if (places[places.length - 1] < size - 1) places.push(size - 1);
  const point = (column, row) => {
    const value = field[row * size + column];
    return {
      at: row * size + column,
      ...project(
        column / (size - 1) - 0.5,
        row / (size - 1) - 0.5,
        heightOf(Number.isFinite(value) ? value : low),
      ),
    };
  };
  const corners = places.map((row) => places.map((column) => point(column, row)));
  const quads = [];
  for (let row = 0; row + 1 < places.length; row++) {
    for (let column = 0; column + 1 < places.length; column++) {
      const around = [
        corners[row][column],
        corners[row][column + 1],
        corners[row + 1][column + 1],
        corners[row + 1][column],
      ];
      quads.push({around, depth: around.reduce((sum, {depth}) => sum + depth, 0)});
    }
  }
  frame(plot, view, project, low, high);
  quads.sort((a, b) => a.depth - b.depth);
  fill(plot.context, quads, fieldColor(view));
}

// The farthest first, each over those behind it.
function fill(context, quads, colorOf) {
  context.lineWidth = 0.6;
  for (const {around} of quads) {
    context.beginPath();
    around.forEach(({x, y}, index) => context[index ? "lineTo" : "moveTo"](x, y));
    context.closePath();
    context.fillStyle = css(colorOf(around[0].at));
    context.fill();
    context.strokeStyle = "rgb(0 0 0 / 0.35)";
    context.stroke();
  }
}

// From a unit cube around 0 to pixels; depth grows toward the eye.
function projection(plot, {azimuth, elevation, zoom}) {
  const [a, e] = [azimuth, elevation].map((degrees) => (degrees * Math.PI) / 180);
  const [cosA, sinA, cosE, sinE] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
  const scale = 0.58 * Math.min(plot.width, plot.height) * zoom;
  return (x, y, z) => {
    const across = -x * sinA + y * cosA;
    const toward = x * cosA + y * sinA;
    return {
      x: plot.width / 2 + scale * across,
      y: plot.height / 2 - scale * (0.8 * z * cosE - toward * sinE),
      depth: toward * cosE + 0.8 * z * sinE,
    };
  };
}

// The edges of the floor with the names and ends of the axes, and the height on the left.
function frame(plot, view, project, low, high) {
  const {context} = plot;
  const {line, ink, quiet} = colors();
  const [x, y] = view.axes;
  const floor = [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ].map(([fx, fy]) => project(fx, fy, -0.5));
  context.strokeStyle = line;
  context.lineWidth = 1;
  context.beginPath();
  floor.forEach((corner, index) => context[index ? "lineTo" : "moveTo"](corner.x, corner.y));
  context.closePath();
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "middle";
  const write = (text, [fx, fy], color) => {
    const at = project(fx, fy, -0.5);
    context.fillStyle = color;
    context.fillText(
      text,
      Math.max(24, Math.min(plot.width - 24, at.x)),
      Math.max(10, Math.min(plot.height - 10, at.y)),
    );
  };
  const near = (axisX) =>
    project(axisX ? 0 : 0.62, axisX ? 0.62 : 0, -0.5).depth >
    project(axisX ? 0 : -0.62, axisX ? -0.62 : 0, -0.5).depth
      ? 1
      : -1;
  const [sideY, sideX] = [near(true), near(false)];
  write(shortened(x.name, 16), [0, 0.66 * sideY], ink);
  write(short(x.low), [-0.45, 0.58 * sideY], quiet);
  write(short(x.high), [0.45, 0.58 * sideY], quiet);
  write(shortened(y.name, 16), [0.66 * sideX, 0], ink);
  write(short(y.low), [0.58 * sideX, -0.45], quiet);
  write(short(y.high), [0.58 * sideX, 0.45], quiet);
  context.textAlign = "left";
  context.fillStyle = ink;
  context.fillText(`${shownName(view)}: ${short(low)} to ${short(high)}`, 6, 10);
}
