/** The features of the current plan: bars for what is metered, values for the rest. */
import { count, day, el } from "./ui.js";

const LOW = 0.1;

/** Show all features of an `entitlements` answer in `list`. */
export function showFeatures(list, features) {
  list.replaceChildren(...Object.entries(features).map(([code, feature]) => row(code, feature)));
}

/** Show the new figures of one feature, as a `track` answer has them. */
export function showUsage(list, code, feature) {
  list.querySelector(`[data-feature="${CSS.escape(code)}"]`)?.replaceWith(row(code, feature));
}

function row(code, feature) {
  const name = feature.name ?? code.replaceAll("_", " ");
  const body = feature.kind === "metered" ? metered(code, name, feature) : [el("span", { class: "value", text: plainValue(feature) })];
  return el("li", { class: `feature ${feature.kind}`, "data-feature": code, "data-testid": `feature-${code}` }, el("span", { text: name }), ...body);
}

function plainValue({ kind, value, allowed, unlimited }) {
  if (kind === "boolean") return (value ?? allowed) === true || value === "true" ? "Yes" : "No";
  return unlimited ? "Unlimited" : count(value ?? 0);
}

function metered(code, name, feature) {
  const { usage = "0", included, balance, unlimited } = feature;
  const left = Number(balance) < 0 ? `${count(-balance)} more than ${count(included)}` : `${count(balance)} of ${count(included)} left`;
  const words = unlimited ? `Unlimited, ${count(usage)} used` : left;
  const value = el("span", { class: "value", text: words, "data-testid": `balance-${code}` });
  if (unlimited) return [value];
  const isLow = Number(balance) <= Number(included) * LOW;
  const bar = el("progress", { max: included, value: Math.min(Number(usage), Number(included)), "aria-label": `${name} used`, class: isLow ? "low" : "" });
  const reset = feature.resets_at && el("span", { class: "muted reset", text: `Starts again on ${day(feature.resets_at)}` });
  return [value, bar, reset];
}
