/** What every page needs to show things: elements, money, dates, busy buttons, failures in plain words. */
import { PayleraError, createPaylera } from "./paylera.js";

export const paylera = createPaylera({ baseUrl: "/api/paylera" });
const LEAVING_MS = 8000;
export const isSignedIn = document.body.dataset.signedIn === "yes";
export const byId = (id) => document.getElementById(id);

/** Make an element. Text goes in as text, never as HTML: names and messages come from elsewhere. */
export function el(tag, { class: className, text, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== false) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
}

/** Amounts arrive as decimal strings. Whole amounts lose their zeros only where `short` asks for it. */
export function money(amount, currency, { short = false } = {}) {
  const value = Number(amount);
  const digits = short && Number.isInteger(value) ? { minimumFractionDigits: 0 } : {};
  return new Intl.NumberFormat("en-US", { style: "currency", currency: currency || "USD", ...digits }).format(value);
}

export const count = (quantity) => new Intl.NumberFormat("en-US").format(Number(quantity));
export const day = (stamp) => new Date(stamp).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
export const clock = (stamp) => new Date(stamp).toLocaleTimeString("en-GB");
export const loginLink = (then = location.pathname + location.search) => `/login?next=${encodeURIComponent(then)}`;

/** The price of a plan as people say it: amount and period. */
export function priceOf(plan) {
  const price = plan.prices?.[0] ?? { amount: "0", currency: plan.currency };
  return { amount: money(price.amount, price.currency ?? plan.currency, { short: true }), per: plan.interval === "year" ? "a year" : "a month" };
}

/** One line for a feature of a plan, or null when the plan does not have it. */
export function featureLine(code, feature) {
  const name = feature.name ?? code.replaceAll("_", " ");
  if (feature.kind === "boolean") return feature.value === true || feature.value === "true" ? name : null;
  if (feature.unlimited) return `Unlimited ${lower(name)}`;
  if (feature.kind === "numeric") return amountOf(feature.value, name);
  return `${amountOf(feature.included_usage ?? 0, name)} a month`;
}

const amountOf = (quantity, name) => `${count(quantity)} ${lower(Number(quantity) === 1 ? name.replace(/s$/, "") : name)}`;

// "API calls" keeps its capitals, "Seats" in the middle of a line does not.
const lower = (name) => (/^[A-Z][a-z]/.test(name) ? name[0].toLowerCase() + name.slice(1) : name);

/**
 * Leave for another page. Only web addresses are followed: the address came over the network. The promise holds for as long as leaving may
 * take, so that a button which waits for it cannot be pressed twice.
 */
export function goTo(address) {
  const url = new URL(address, location.href);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error(`not a web address: ${url.protocol}`);
  location.assign(url);
  return new Promise((resolve) => setTimeout(resolve, LEAVING_MS));
}

// Coming back with the browser's back button may show a page as it was left, busy button and all.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

/** Disable a button and say why while `work` runs. Focus stays where the person left it. */
export async function busy(button, label, work) {
  const words = button.textContent;
  const hadFocus = document.activeElement === button;
  Object.assign(button, { disabled: true, textContent: label });
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    Object.assign(button, { disabled: false, textContent: words });
    button.removeAttribute("aria-busy");
    if (hadFocus && (document.activeElement === document.body || !document.activeElement)) button.focus({ preventScroll: true });
  }
}

/** Show one message at the top of the page, or in a dialog; the region is live, so it is read out too. */
export function say(text, { good = false, place = byId("notice"), requestId, link } = {}) {
  const words = el("p", { text }, link && " ", link && el("a", { href: link.href, text: link.text }));
  const reference = requestId && el("p", { class: "request-id" }, "Request id ", el("code", { text: requestId, "data-testid": "request-id" }));
  place.replaceChildren(el("div", { class: `notice ${good ? "good" : "bad"}` }, words, reference));
  if (place.id === "notice") place.scrollIntoView({ block: "nearest" });
}

export const hush = (place = byId("notice")) => place.replaceChildren();

/** Show a failure in plain words. Faults of our own pages are not hidden: they go to the console as well. */
export function sayProblem(error, { place } = {}) {
  if (!(error instanceof PayleraError)) {
    console.error(error);
    say("Something on this page went wrong. Reload it and try again.", { place });
    return;
  }
  if (error.type === "client.aborted") return;
  if (place?.closest("dialog")?.open === false) place = undefined; // Closed while the call was under way.
  const link = error.status === 401 ? { href: loginLink(), text: "Sign in" } : undefined;
  say(error.message, { place, requestId: error.requestId, link });
}

/** Run what a button asks for: busy while it runs, the failure shown if there is one. */
export async function act(button, label, work, { place } = {}) {
  hush(place);
  try {
    return await busy(button, label, work);
  } catch (error) {
    sayProblem(error, { place });
    return undefined;
  }
}
