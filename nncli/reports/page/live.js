// A training that is followed while it runs: events from nncli, and buttons that pause and stop it.

import {element} from "./dom.js";
import {grouped} from "./numbers.js";

/** Return a bar that follows a training, and changes the page as it goes on. */
export function liveBar({runs, change}) {
  const [run] = runs;
  const status = element("output", {"aria-live": "polite"}, "waiting for the training");
  const send = (action) =>
    fetch(action, {method: "POST"}).catch(() => (status.textContent = "nncli does not answer."));
  let isPaused = false;
  const pause = element(
    "button",
    {
      type: "button",
      onclick: () => {
        isPaused = !isPaused;
        pause.textContent = isPaused ? "Go on training" : "Pause training";
        send(isPaused ? "pause" : "go-on");
      },
    },
    "Pause training",
  );
  const stop = element("button", {type: "button", onclick: () => send("stop")}, "Stop training");
  const source = new EventSource("events");

  source.addEventListener("message", ({data}) => {
    const event = JSON.parse(data);
    if (event.status) return end(event.status);
    return change((state) => follow(run, state, event, status));
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED)
      status.textContent = "The connection is lost; trying again.";
  });

  function end(how) {
    source.close();
    pause.disabled = stop.disabled = true;
    status.textContent = `Training has ended (${how}). This page keeps what it shows; nncli report ${run.name} writes the whole page.`;
  }

  return element("div", {class: "controls"}, pause, stop, status);
}

// The slider stays at the end if it is there, and where it is otherwise.
function follow(run, state, event, status) {
  const isAtEnd = state.place === run.epochs.length - 1;
  run.append(event);
  status.textContent = `training: epoch ${grouped(run.historyEpochs[run.historyEpochs.length - 1] ?? 0)}`;
  return isAtEnd && !state.live ? {place: run.epochs.length - 1} : {};
}
