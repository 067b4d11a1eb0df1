/** The list of received webhook events on the dashboard. */
import { byId, clock, el, loginLink, money } from "./ui.js";

const KEPT = 40;
const STATES = { live: "Live", paused: "Paused", lost: "No connection, trying again", over: "Signed out" };

/** What one line says about an event, by kind of object. */
const FACTS = {
  invoice: (data) => [data.number, data.total && money(data.total, data.currency)],
  payment: (data) => [data.amount && money(data.amount, data.currency), data.status],
  subscription: (data) => [data.plan_code, data.cancel_at_period_end ? "ends with the period" : data.status],
  customer: (data) => [data.email],
};

/** Show new events on top. `isNew` marks those that arrived while the page was open. */
export function showEvents(events, { isNew }) {
  const list = byId("feed");
  list.prepend(...events.map((event) => item(event, isNew)).reverse());
  while (list.children.length > KEPT) list.lastElementChild.remove();
  byId("feed-empty").hidden = list.children.length > 0;
}

/** Say how the connection is; after the session's end the way back in is a link. */
export function showFeedState(state) {
  const badge = byId("feed-state");
  if (badge.dataset.state === state) return;
  badge.dataset.state = state;
  badge.replaceChildren(state === "over" ? el("a", { href: loginLink(), text: "Sign in" }) : STATES[state]);
}

function item(event, isNew) {
  const kind = event.type.split(".")[0];
  const facts = (FACTS[kind]?.(event.data ?? {}) ?? []).filter(Boolean).join(" · ").replaceAll("_", " ");
  return el("li", { class: isNew ? "event fresh" : "event", "data-testid": "event", "data-type": event.type },
    el("details", {},
      el("summary", {},
        el("span", { class: `dot ${kind}`, "aria-hidden": "true" }),
        el("code", { text: event.type }),
        el("time", { datetime: event.received_at, text: clock(event.received_at) }),
        el("span", { class: "facts muted", text: facts })),
      el("pre", { tabindex: "0", text: JSON.stringify({ id: event.id, occurred_at: event.occurred_at, data: event.data }, null, 2) })));
}
