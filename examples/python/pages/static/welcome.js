/**
 * After the checkout. The plan is read from Paylera, not awaited from the webhook: webhooks may be late, and the person should not have to
 * wait for them. The page says what it is waiting for, and gives up politely.
 */
import { byId, paylera, sayProblem } from "./ui.js";
import { readEvents } from "./events.js";

const PATIENCE_MS = 20_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 3000;
const wanted = new URLSearchParams(location.search).get("plan");

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const STATES = { waiting: "waiting", done: "done", late: "not yet" };

/** Mark a step, for the eye and for a screen reader. */
function step(name, state) {
  const item = document.querySelector(`[data-step="${name}"]`);
  item.dataset.state = state;
  item.querySelector("span").textContent = ` (${STATES[state]})`;
}

const tell = (text) => { byId("welcome-text").textContent = text; };

/**
 * Ask until `done` is true for the answer, waiting a little longer every time; null when patience ends. A server that does not answer is asked
 * again: that is what the time is for.
 */
async function until(question, done) {
  const end = Date.now() + PATIENCE_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const isLast = Date.now() + wait > end;
    try {
      const answer = await question();
      if (done(answer)) return answer;
    } catch (error) {
      if (isLast || (error.status > 0 && error.status < 500 && error.status !== 429)) throw error;
    }
    if (isLast) return null;
    await pause(wait);
  }
}

async function planSwitchedOn() {
  const found = await until(() => paylera.entitlements(), (answer) => answer.plan_code && (!wanted || answer.plan_code === wanted));
  step("plan", found ? "done" : "late");
  return found;
}

async function webhookArrived(subscriptionId) {
  const isOurs = (event) => event.type === "subscription.activated" && event.data?.id === subscriptionId;
  const found = await until(() => readEvents(), (events) => events.some(isOurs));
  step("webhook", found ? "done" : "late");
}

async function nameOf(code) {
  const plans = await paylera.plans();
  return plans.data.find((plan) => plan.code === code)?.name ?? code;
}

async function show() {
  byId("again").hidden = true;
  step("plan", "waiting");
  step("webhook", "waiting");
  tell("Waiting for Paylera to switch your plan on. This takes a few seconds at most.");
  const found = await planSwitchedOn();
  if (!found) return giveUp();
  const name = await nameOf(found.plan_code).catch(() => found.plan_code);
  byId("welcome-title").textContent = `You are on ${name}`;
  tell("Everything in your plan is ready to use.");
  await webhookArrived(found.subscription_id);
  return undefined;
}

function giveUp() {
  step("webhook", "late");
  tell("This takes longer than usual. Your payment is safe; the plan is switched on as soon as it is confirmed. You can leave this page.");
  byId("again").hidden = false;
}

async function start() {
  try {
    await show();
  } catch (error) {
    sayProblem(error);
    for (const waiting of document.querySelectorAll('[data-state="waiting"]')) step(waiting.dataset.step, "late");
    byId("again").hidden = false;
  }
}

byId("again").addEventListener("click", start);
start();
