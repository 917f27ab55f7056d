// Figure: the config, with what differs from the defaults marked.

import {element} from "./dom.js";
import {yamlOf} from "./yaml.js";

export function configFigure() {
  const body = element("div");

  function draw({run}) {
    if (body.dataset.run === run.name) return;
    body.dataset.run = run.name;
    const note = element("p", {class: "quiet"}, "● marks what differs from the defaults.");
    body.replaceChildren(
      note,
      element("pre", {tabindex: 0, role: "region", "aria-label": "text of the config"}, ...marked(run)),
    );
  }

  return {title: "Config", element: body, draw};
}

// A line for each key below the first level, bold where the run's own value is set.
function marked({config, setKeys}) {
  return Object.entries(config).flatMap(([key, value]) => {
    if (typeof value !== "object" || Array.isArray(value))
      return [line(yamlOf({[key]: value}), key in setKeys)];
    const inner = Object.entries(value).map(([name, each]) =>
      line(yamlOf({[name]: each}, "  "), Boolean(setKeys[key]?.includes(name))),
    );
    return [line(`${key}:\n`, false), ...inner];
  });
}

const line = (text, isSet) => element("span", {class: isSet ? "set" : null}, text);
