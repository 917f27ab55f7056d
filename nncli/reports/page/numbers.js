// Numbers: their embedded form, and how people read them.

/** Return the values of an embedded array: base64 of float64, little-endian. */
export function decoded({data}) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

/** Return a number to six significant digits; just below 1 to as many as give 1 minus the number six digits. */
export function digits(value) {
  const distance = 1 - Math.abs(value);
  if (distance > 0 && distance < 0.01) {
    const places = Math.min(5 - Math.floor(Math.log10(distance)), 16);
    return value.toFixed(places).replace(/0+$/, "");
  }
  return significant(value, 6);
}

/** Return a number to a few significant digits, with separators of thousands. */
export function short(value) {
  if (Math.abs(value) >= 1000 && Math.abs(value) < 1e6) return grouped(Math.round(value));
  return significant(value, 4);
}

/** Return a whole number with separators of thousands. */
export const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

/** Return a number in the form of Python's format "g", such as 0.25, 1e-05 or 1.5e+06. */
function significant(value, precision) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(precision - 1).split("e");
  if (exponent < -4 || exponent >= precision) {
    const power = String(Math.abs(exponent)).padStart(2, "0");
    return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${power}`;
  }
  return trimmed(value.toFixed(Math.max(0, precision - 1 - exponent)));
}

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** Return a count with its noun: "1 row", "2 rows". */
export const counted = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Return about five round numbers from low to high. */
export function ticks(low, high, most = 5) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step || 0);
  return found;
}

/** Return the smallest and the largest finite number; 0 and 1 if there is none. */
export function extent(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}
