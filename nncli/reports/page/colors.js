// Colors: those of the theme, of classes and series, and of values.

let theme = null;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (theme = null));

const NAMES = ["paper", "panel", "ink", "quiet", "line", "rule", "accent", "warning"];

/** Return the colors of the theme by name, such as `ink`, the list `series` and the stops `signed`. */
export function colors() {
  if (theme) return theme;
  const styles = getComputedStyle(document.documentElement);
  const read = (name) => styles.getPropertyValue(`--${name}`).trim();
  theme = Object.fromEntries(NAMES.map((name) => [name, read(name)]));
  theme.isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  theme.series = Array.from({length: 8}, (_, index) => read(`series-${index}`));
  theme.signed = Array.from({length: 5}, (_, index) => rgb(read(`signed-${index}`)));
  return theme;
}

const SEQUENTIAL = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"].map(rgb); // viridis

/** Return red, green and blue of a color such as #0072b2. */
export function rgb(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

/** Return a color between stops at a share from 0 to 1. */
export function between(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const below = Math.min(Math.floor(at), stops.length - 2);
  return stops[below].map((value, channel) => value + (at - below) * (stops[below + 1][channel] - value));
}

/** Return a color as CSS. */
export const css = ([red, green, blue]) => `rgb(${red | 0} ${green | 0} ${blue | 0})`;

const SHADES = 256;
const tables = new Map();

// Colors between stops, made once: to mix one for each point took half of the time of a map.
function shades(stops) {
  if (!tables.has(stops))
    tables.set(
      stops,
      Array.from({length: SHADES}, (_, at) => between(stops, at / (SHADES - 1))),
    );
  return tables.get(stops);
}

const MISSING = [128, 128, 128];

/** A scale of colors from a low to a high value, signed around a center if it has one. */
export class ColorScale {
  constructor(low, high, center = null) {
    const reach = center === null ? 0 : Math.max(high - center, center - low) || 1;
    this.low = center === null ? low : center - reach;
    this.high = center === null ? high : center + reach;
    this.shades = shades(center === null ? SEQUENTIAL : colors().signed);
  }

  /** Return red, green and blue of a value. */
  at(value) {
    if (!Number.isFinite(value)) return MISSING;
    const share = (value - this.low) / (this.high - this.low || 1);
    return this.shades[Math.round(Math.min(Math.max(share, 0), 1) * (SHADES - 1))];
  }

  /** Return the scale of values: around 0 if they have both signs. */
  static of(low, high) {
    return new ColorScale(low, high, low < 0 && high > 0 ? 0 : null);
  }
}
