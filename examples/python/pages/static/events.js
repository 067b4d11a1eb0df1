/** The webhook events that the app received, newest first, asked for while somebody is looking. */
import { PayleraError } from "./paylera.js";

const PERIOD_MS = 1500;
const SLOWEST_MS = 15_000;

/** Read the events after `after`, oldest first: `{events: [{seq, id, type, occurred_at, received_at, data}], more}`. */
export async function readEvents(after = 0) {
  let response;
  try {
    response = await fetch(`/events?after=${after}`, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new PayleraError({ type: navigator.onLine ? "client.unreachable" : "client.offline", status: 0 });
  }
  if (!response.ok) throw new PayleraError({ type: `http.${response.status}`, status: response.status });
  return (await response.json()).events;
}

/**
 * Call `onEvents(events, {isNew})` for every batch, `isNew` being false for the first, which is history, and `onState("live" | "paused" | "lost" | "over")` when that changes.
 * Asking stops while the page is hidden, slows down while the server does not answer, and ends with the session.
 * @returns {() => void} a function that asks at once
 */
export function followEvents(onEvents, onState) {
  let last = 0;
  let timer = 0;
  let period = PERIOD_MS;
  let asking = false;
  let isNew = false;

  async function ask() {
    clearTimeout(timer);
    if (asking) return;
    if (document.hidden) return onState("paused");
    asking = true;
    const wait = await round();
    asking = false;
    if (wait) timer = setTimeout(ask, wait);
  }

  async function round() {
    try {
      const events = await readEvents(last);
      last = events.at(-1)?.seq ?? last;
      period = PERIOD_MS;
      onState("live");
      if (events.length) onEvents(events, { isNew });
      isNew = true;
      return period;
    } catch (error) {
      if (error.status === 401) return onState("over");
      onState("lost");
      return (period = Math.min(period * 2, SLOWEST_MS));
    }
  }

  addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  ask();
  return ask;
}
