// YAML of plain values, as a config file is written.

/** Return YAML of a value: mappings in blocks, everything else on one line. */
export function yamlOf(value, indent = "") {
  return Object.entries(value)
    .filter(([, each]) => each !== null && each !== undefined)
    .map(([key, each]) => entry(scalar(key), each, indent))
    .join("");
}

function entry(key, value, indent) {
  if (isMapping(value) && Object.keys(value).length) {
    const flow = inFlow(value);
    if (flow.length < 80 && !Object.values(value).some(isMapping)) return `${indent}${key}: ${flow}\n`;
    return `${indent}${key}:\n${yamlOf(value, `${indent}  `)}`;
  }
  if (Array.isArray(value) && (value.some(isMapping) || value.some(Array.isArray))) {
    return `${indent}${key}:\n${value.map((each) => item(each, `${indent}  `)).join("")}`;
  }
  return `${indent}${key}: ${inFlow(value)}\n`;
}

function item(value, indent) {
  if (!isMapping(value)) return `${indent}- ${inFlow(value)}\n`;
  return `${indent}- ${yamlOf(value, `${indent}  `).slice(indent.length + 2)}`;
}

function inFlow(value) {
  if (Array.isArray(value)) return `[${value.map(inFlow).join(", ")}]`;
  if (!isMapping(value)) return scalar(value);
  const pairs = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
  return `{${pairs.map(([key, each]) => `${scalar(key)}: ${inFlow(each)}`).join(", ")}}`;
}

const isMapping = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// Text that could be read as something else is quoted as in JSON, which YAML 1.2 reads.
function scalar(value) {
  if (typeof value !== "string") return String(value);
  return /^[A-Za-z_][\w./-]*$/.test(value) && !/^(true|false|null)$/i.test(value)
    ? value
    : JSON.stringify(value);
}
