// Elements of the page. Texts are inserted as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element with attributes, listeners (names that start with "on") and children. */
export const element = (tag, given = {}, ...children) =>
  filledIn(document.createElement(tag), given, children);

/** Return an element of SVG. */
export const svg = (tag, given = {}, ...children) =>
  filledIn(document.createElementNS(SVG, tag), given, children);

function filledIn(made, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat());
  return made;
}

/** Return a labeled control. */
export const labeled = (label, control) => element("label", {}, label, control);

/** Return a select element; `options` are pairs of value and label. */
export function choice(options, chosen, onchange) {
  const made = element("select", {onchange: () => onchange(made.value)});
  made.append(...options.map(([value, label]) => element("option", {value}, label)));
  made.value = chosen;
  return made;
}

/** Return a table; the first row of cells is its head. Cells are texts or elements. */
export function tableOf(head, rows, given = {}) {
  return element(
    "div",
    {class: "scroll", tabindex: 0, role: "region", "aria-label": given.label ?? "table"},
    element(
      "table",
      {class: given.class},
      head.length
        ? element(
            "thead",
            {},
            element(
              "tr",
              {},
              head.map((cell) => element("th", {scope: "col"}, cell)),
            ),
          )
        : [],
      element(
        "tbody",
        {},
        rows.map((cells) => element("tr", {}, cells.map(asCell))),
      ),
    ),
  );
}

const asCell = (cell) => (cell instanceof HTMLTableCellElement ? cell : element("td", {}, cell));

/** Return a name in one line, with its middle left out if it is long. */
export function shortened(name, longest = 28) {
  const characters = [...String(name).replace(/\s+/g, " ")];
  if (characters.length <= longest) return characters.join("");
  const end = Math.floor((longest - 1) / 2);
  return `${characters.slice(0, longest - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}
