// Figure: several runs side by side at the same epoch.

import {element} from "./dom.js";
import {paint} from "./graph.js";
import {fieldColor} from "./map.js";
import {counted, grouped, short} from "./numbers.js";
import {PART_NAMES} from "./run.js";
import {stateOf} from "./state.js";
import {View} from "./view.js";

export function compareFigure({runs, change}) {
  const body = element("div", {class: "side-by-side"});
  const cards = runs.map((run, number) => {
    const canvas = element("canvas", {class: "square", role: "img"});
    const words = element("p", {class: "quiet"});
    const choose = element(
      "button",
      {type: "button", onclick: () => change(() => ({...stateOf(`#run=${number}`, runs)}))},
      run.name,
    );
    return {run, number, canvas, words, card: element("div", {}, choose, canvas, words)};
  });
  body.append(...cards.map(({card}) => card));

  function draw(view) {
    for (const {run, number, canvas, words} of cards) {
      const place = run.placeOf(view.epoch);
      const own = new View({...stateOf(`#run=${number}`, runs), place}, run);
      canvas.hidden = own.axes.length < 2;
      if (!canvas.hidden) {
        const {size} = own.grid;
        Object.assign(canvas, {width: size, height: size});
        paint(canvas, size, size, fieldColor(own));
      }
      const losses = Object.entries(own.losses).map(([part, loss]) => `${PART_NAMES[part]} ${short(loss)}`);
      words.textContent = `Epoch ${grouped(run.epochs[place])}, ${counted(run.network.size, "parameter")}; loss: ${losses.join(", ")}.`;
      canvas.setAttribute(
        "aria-label",
        `Output of ${run.name} over ${own.axes.map(({name}) => name).join(" and ")}. ${words.textContent}`,
      );
    }
  }

  return {title: "All runs at this epoch", wide: true, element: body, draw};
}
