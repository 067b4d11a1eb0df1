/**
 * The relay of a Paylera backend, as seen from a page. No dependencies: copy this file into your own project.
 *
 *     import { createPaylera } from "./paylera.js";
 *     const paylera = createPaylera({ baseUrl: "/api/paylera" });
 *     const { checkout_url } = await paylera.attach({ plan_code: "pro", success_url: "/welcome", cancel_url: "/" });
 *
 * What it takes care of:
 * - the CSRF token: fetched once, before the first call that changes something; fetched again after a refusal or `identityChanged()`;
 * - idempotency: every call that changes something carries a key. When it is unknown whether a call arrived (no network, timeout, server
 *   error), the next identical call repeats the key, so pressing the button again never does the thing twice;
 * - failures: every one of them becomes a `PayleraError`, whose `message` can be shown to a person as it is.
 */

const CSRF_HEADER = "Paylera-CSRF-Token";
const TIMEOUT_MS = 15_000; // The relay itself answers within 10 s.

/** What a person is told, by problem type. The first match wins: type, then status, then kind of status. */
const WORDS_BY_TYPE = {
  "client.offline": "You are offline. Check the connection, then try again.",
  "client.unreachable": "The server could not be reached. Check the connection, then try again.",
  "client.timeout": "The server took too long to answer. Trying again is safe: nothing is done twice.",
  "client.not_json": "The server sent an answer that this page cannot read. Please try again.",
  "paylera.csrf_mismatch": "This page is out of date. Reload it and try again.",
  "paylera.idempotency_in_progress": "This is still being worked on. Wait a moment, then try again.",
  "paylera.idempotency_conflict": "This was already asked for in another form. Reload the page and try again.",
  "paylera.upstream_timeout": "The billing service took too long to answer. Trying again is safe: nothing is done twice.",
  "paylera.upstream_rejected_token": "Billing is not set up correctly on this site. It is not your fault; please tell us.",
  "payment_method.required": "A card is needed for this first.",
  "subscription.already_active": "You already have this plan.",
  "subscription.exists": "You already have a plan. Change it on the dashboard.",
  "subscription.version_mismatch": "Your subscription changed in the meantime. Reload the page and try again.",
  "usage.limit_reached": "You have used everything your plan includes for now. A larger plan gives you more.",
};
const WORDS_BY_STATUS = {
  400: "The server did not understand this request.",
  401: "Your session is over. Please sign in again.",
  402: "The payment was declined. Try another card.",
  403: "You are not allowed to do this.",
  404: "This no longer exists. Reload the page.",
  409: "This does not fit the current state of your subscription. Reload the page and try again.",
  412: "This changed in the meantime. Reload the page and try again.",
  422: "This cannot be done.",
  429: "That was a little too fast. Wait a moment, then try again.",
};
const WORDS_OF_SERVER_ERROR = "The billing service is not available just now. Trying again is safe: nothing is done twice.";
const WORDS_OF_THE_REST = "Something went wrong. Please try again.";

/** Statuses after which it is unknown whether the call took effect, or known that it may be repeated as it was. */
const REPEATABLE = (error) =>
  error.status === 0 || error.status >= 500 || error.status === 408 || error.status === 429 ||
  error.type === "paylera.idempotency_in_progress";

/** One failed call. `message` is for people; the rest is for code and for support. */
export class PayleraError extends Error {
  /**
   * @param {object} facts
   * @param {string} facts.type  short code: a relay or Paylera code, or `client.offline|unreachable|timeout|aborted|not_json`
   * @param {number} facts.status  HTTP status; 0 when there was no answer
   * @param {string} [facts.detail]  what the server said, for developers
   * @param {string} [facts.requestId]  what to give to support
   * @param {number} [facts.retryAfter]  seconds to wait
   * @param {{field: string, code: string, message: string}[]} [facts.errors]  faults by field
   * @param {{type: string, url?: string}} [facts.nextAction]  what the person can do about it, for example pay on a hosted page
   */
  constructor({ type, status, detail = "", requestId = "", retryAfter, errors = [], nextAction }) {
    super(wordsFor({ type, status, retryAfter }));
    this.name = "PayleraError";
    Object.assign(this, { type, status, detail, requestId, retryAfter, errors, nextAction });
  }
}

/**
 * Make a client of the relay mounted at `baseUrl`.
 * @param {object} [options]
 * @param {string} [options.baseUrl]
 * @param {number} [options.timeout]  milliseconds per call
 * @param {typeof fetch} [options.fetch]  for tests
 */
export function createPaylera({ baseUrl = "/api/paylera", timeout = TIMEOUT_MS, fetch = window.fetch.bind(window) } = {}) {
  const base = baseUrl.replace(/\/+$/, "");
  const send = (path, init, signal) => exchange(fetch, `${base}/${path}`, init, { timeout, signal });
  const csrf = csrfToken(send);
  const keys = idempotencyKeys();

  /** One GET. Empty parameters are left out. */
  const read = (path, query = {}, { signal } = {}) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given).toString();
    return send(search ? `${path}?${search}` : path, { method: "GET" }, signal);
  };

  /** One POST with token and key; a refused token is replaced once, under the same key. */
  const change = async (path, fields, { key, signal } = {}) => {
    const body = JSON.stringify(fields ?? {});
    const intent = keys.begin(`${path} ${body}`, key);
    const attempt = async () => send(path, posted(body, intent.key, await csrf.get()), signal);
    try {
      return await intent.settle(attempt().catch((error) => {
        if (error.type !== "paylera.csrf_mismatch") throw error;
        csrf.forget();
        return attempt();
      }));
    } catch (error) {
      if (error.status === 401) csrf.forget();
      throw error;
    }
  };

  return Object.freeze({
    /** Tell that another person signed in, or that this one signed out: tokens and keys of the one before are dropped. */
    identityChanged() { csrf.forget(); keys.clear(); },

    /** Subscribe to a plan: `{plan_code, success_url, cancel_url}` → `{status, checkout_url, …}`; go to `checkout_url` when there is one. */
    attach: (fields, options) => change("attach", fields, options),
    /** Ask whether a feature may be used → `{allowed, balance, …}`. */
    check: (fields, options) => read("check", fields, options),
    /** Record usage: `{feature_code, quantity: "1"}` → `{usage, balance, …}`. Quantities are decimal strings. */
    track: (fields, options) => change("track", fields, options),
    /** The features of the current subscription → `{subscription_id, plan_code, features}`; only `features: {}` when there is none. */
    entitlements: (query, options) => read("entitlements", query, options),
    /** The customer that the signed-in person is. */
    me: (options) => read("me", {}, options),
    /** The plans on offer; needs no sign-in → `{data: […]}`. */
    plans: (query, options) => read("plans", query, options),
    /** The customer's invoices, newest first → `{data: […], has_more, next_cursor}`. */
    invoices: (query, options) => read("invoices", query, options),
    /** Open the hosted billing portal: `{return_url}` → `{url}`. */
    billingPortal: (fields, options) => change("billing-portal", fields, options),
    /** Move a subscription to another plan: `{plan_code}` → the subscription. */
    upgrade: (subscriptionId, fields, options) => change(`subscriptions/${encodeURIComponent(subscriptionId)}/upgrade`, fields, options),
    /** End a subscription, at the end of the paid period unless told otherwise → the subscription. */
    cancel: (subscriptionId, fields = {}, options) =>
      change(`subscriptions/${encodeURIComponent(subscriptionId)}/cancel`, { at_period_end: true, ...fields }, options),
  });
}

/** Holds the token; calls made at the same time share one fetch, and a failed fetch is not remembered. */
function csrfToken(send) {
  let pending = null;
  return {
    get() {
      pending ??= send("csrf-token", { method: "GET" }).then((answer) => answer.token);
      const mine = pending;
      mine.catch(() => { if (pending === mine) pending = null; });
      return mine;
    },
    forget() { pending = null; },
  };
}

/** Gives every intent its key, and the same key again while it is unknown what became of the intent. */
function idempotencyKeys() {
  const open = new Map();
  return {
    begin(intent, givenKey) {
      const key = givenKey ?? open.get(intent) ?? randomKey();
      open.delete(intent); // A second click while the first is under way is an intent of its own.
      return {
        key,
        settle: (promise) => promise.catch((error) => {
          if (REPEATABLE(error)) open.set(intent, key);
          throw error;
        }),
      };
    },
    clear() { open.clear(); },
  };
}

function randomKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Pages served over plain http from another machine have no randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function posted(body, key, token) {
  return { method: "POST", body, headers: { "Content-Type": "application/json", "Idempotency-Key": key, [CSRF_HEADER]: token } };
}

/** One request and its answer; whatever goes wrong leaves as a PayleraError. */
async function exchange(fetch, url, init, { timeout, signal }) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeout);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    const headers = { Accept: "application/json", ...init.headers };
    const response = await fetch(url, { ...init, headers, credentials: "same-origin", cache: "no-store", signal: controller.signal });
    return await answerOf(response);
  } catch (error) {
    throw error instanceof PayleraError ? error : noAnswer(controller.signal.aborted, signal?.aborted);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

async function answerOf(response) {
  const text = await response.text();
  const requestId = response.headers.get("X-Request-Id") ?? "";
  const body = parsed(text);
  if (response.ok && body !== undefined) return body;
  if (response.ok) throw new PayleraError({ type: "client.not_json", status: 0, requestId });
  throw problemOf(response, body, requestId);
}

function problemOf(response, body, requestId) {
  // Some proxies and login layers answer with a page of their own: then the status is all there is.
  const problem = body !== null && typeof body === "object" ? body : {};
  return new PayleraError({
    type: textOf(problem.type) || `http.${response.status}`,
    status: response.status,
    detail: textOf(problem.detail) || textOf(problem.title),
    requestId: requestId || textOf(problem.request_id),
    retryAfter: secondsOf(response.headers.get("Retry-After")),
    errors: Array.isArray(problem.errors) ? problem.errors : [],
    nextAction: problem.next_action ?? undefined,
  });
}

function noAnswer(aborted, byCaller) {
  if (byCaller) return new PayleraError({ type: "client.aborted", status: 0 });
  if (aborted) return new PayleraError({ type: "client.timeout", status: 0 });
  return new PayleraError({ type: navigator.onLine ? "client.unreachable" : "client.offline", status: 0 });
}

function wordsFor({ type, status, retryAfter }) {
  if (status === 429 && retryAfter) return `That was a little too fast. Try again in ${retryAfter} seconds.`;
  return WORDS_BY_TYPE[type] ?? WORDS_BY_STATUS[status] ?? (status >= 500 ? WORDS_OF_SERVER_ERROR : WORDS_OF_THE_REST);
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

function textOf(value) {
  return typeof value === "string" ? value : "";
}

/** `Retry-After` holds seconds or a date. */
function secondsOf(header) {
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isFinite(seconds) ? Math.max(seconds, 1) : undefined;
}
