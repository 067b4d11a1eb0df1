/** The dashboard: the plan and its features, the work that spends them, invoices, and what webhooks said. */
import { act, byId, count, day, el, goTo, hush, money, paylera, priceOf, say, sayProblem } from "./ui.js";
import { followEvents } from "./events.js";
import { showEvents, showFeedState } from "./feed.js";
import { showFeatures, showUsage } from "./features.js";
import { drawTile } from "./tile.js";

const METERED = "api_calls";
const EVENTS_THAT_CHANGE_US = /^(subscription|invoice)\./;

let plans = [];
let entitlements = null; // Until they are read.
let spent = 0; // Calls of `track` answered so far.
// The relay answers with entitlements, not with the subscription itself. Its dates come from webhooks and from the answers to our own calls:
// the one with the highest version is the newest, in whatever order they arrive.
const subscriptions = new Map();

const planOf = (code) => plans.find((plan) => plan.code === code);
const current = () => subscriptions.get(entitlements?.subscription_id);

function learn(subscription) {
  const known = subscriptions.get(subscription.id);
  if (!known || subscription.version >= known.version) subscriptions.set(subscription.id, subscription);
}

/** Read everything again and show what could be read; one failure does not hide the rest. */
async function refresh() {
  const before = spent;
  const answers = await Promise.allSettled([paylera.plans(), paylera.entitlements(), paylera.invoices({ limit: 12 })]);
  if (spent !== before) return refresh(); // The balance just read may be the one from before the last click.
  const [offered, ours, billed] = answers.map((answer) => answer.value);
  plans = offered?.data ?? plans;
  entitlements = ours ?? entitlements;
  if (entitlements) showPlan();
  if (billed) showInvoices(billed);
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed) throw failed.reason;
  return undefined;
}

function showPlan() {
  const hasPlan = Boolean(entitlements.subscription_id);
  const plan = planOf(entitlements.plan_code);
  byId("plan-name").textContent = hasPlan ? plan?.name ?? entitlements.plan_code : "No plan yet";
  byId("plan-note").textContent = hasPlan ? planNote(plan) : "Choose a plan to start analysing.";
  byId("plan-actions").hidden = !hasPlan;
  byId("no-plan").hidden = hasPlan;
  byId("cancel").hidden = Boolean(current()?.cancel_at_period_end);
  byId("work").hidden = !(METERED in entitlements.features);
  showFeatures(byId("features"), entitlements.features);
}

function showNothing() {
  byId("plan-name").textContent = "Not available just now";
  byId("plan-note").replaceChildren(el("a", { href: location.pathname, text: "Try again", "data-testid": "retry" }));
}

/** What there is to know about a subscription that is not simply running. */
const NOTES = {
  past_due: () => "The last payment failed. Put another card into the billing portal.",
  paused: () => "Paused.",
  trialing: ({ trial_end: end }) => (end ? `Free trial until ${day(end)}.` : "Free trial."),
};

function planNote(plan) {
  const subscription = current() ?? {};
  const { cancel_at_period_end: isEnding, cancel_at: at, current_period_end: end, status } = subscription;
  if (isEnding) return `Ends on ${day(at ?? end)}. No further payments.`;
  const price = plan && `${priceOf(plan).amount} ${priceOf(plan).per}`;
  return NOTES[status]?.(subscription) ?? [price, end && `renews on ${day(end)}`].filter(Boolean).join(" · ");
}

function showInvoices({ data }) {
  const rows = data.map((invoice) => el("tr", { "data-testid": "invoice" },
    el("th", { scope: "row", text: invoice.number }),
    el("td", { text: day(invoice.issued_at ?? invoice.created_at) }),
    el("td", { text: invoice.lines?.at(-1)?.description ?? "" }),
    el("td", {}, el("span", { class: `tag ${invoice.status}`, text: invoice.status })),
    el("td", { class: "number", text: money(invoice.total, invoice.currency) })));
  const none = el("tr", {}, el("td", { colspan: "5", class: "muted", text: "No invoices yet." }));
  byId("invoices").replaceChildren(...(rows.length ? rows : [none]));
}

/** Spend one call. The answer holds the new balance, so nothing is read again. */
async function runAnalysis() {
  const answer = await paylera.track({ feature_code: METERED, quantity: "1" });
  spent += 1;
  entitlements.features[METERED] = { ...entitlements.features[METERED], ...pick(answer, ["usage", "balance", "included", "unlimited"]) };
  showUsage(byId("features"), METERED, entitlements.features[METERED]);
  const { roofs, tallest } = drawTile(byId("tile"), Number(answer.usage));
  const left = answer.unlimited ? "" : ` ${count(answer.balance)} calls left.`;
  byId("tile-caption").textContent = `Tile ${count(answer.usage)}: ${roofs} roofs, the tallest ${tallest} m.${left}`;
}

const pick = (object, names) => Object.fromEntries(names.filter((name) => name in object).map((name) => [name, object[name]]));

/** Wire a dialog: its own close buttons, and a submit that runs `work` and closes when that went well. */
function dialogFor(name, label, work) {
  const dialog = byId(`${name}-dialog`);
  const place = dialog.querySelector('[data-role="notice"]');
  dialog.querySelector('[data-role="close"]').addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    act(event.submitter ?? dialog.querySelector('[type="submit"]'), label, async () => {
      const words = await work(new FormData(event.target));
      dialog.close();
      say(words, { good: true });
      await refresh();
      byId("change").focus({ preventScroll: true });
    }, { place });
  });
  return () => { hush(place); hush(); dialog.showModal(); };
}

async function changePlan(form) {
  const code = form.get("plan");
  try {
    learn(await paylera.upgrade(entitlements.subscription_id, { plan_code: code }));
  } catch (error) {
    // From a free plan there is no card yet: Paylera names the hosted page that takes one and finishes the change.
    if (!error.nextAction?.url) throw error;
    await goTo(error.nextAction.url);
  }
  return `You are on ${planOf(code)?.name ?? code} now.`;
}

async function cancelPlan(form) {
  const reason = form.get("reason");
  const subscription = await paylera.cancel(entitlements.subscription_id, reason ? { reason } : {});
  learn(subscription);
  const end = subscription.cancel_at ?? subscription.current_period_end;
  return `Your plan is canceled. You can use it until ${end ? day(end) : "the end of the paid period"}.`;
}

const openChange = dialogFor("change", "Changing…", changePlan);
const openCancel = dialogFor("cancel", "Canceling…", cancelPlan);

function chooseChange(preferred) {
  const others = plans.filter((plan) => plan.code !== entitlements.plan_code);
  const legend = el("legend", { class: "hidden", text: "Plans" });
  byId("choices").replaceChildren(legend, ...others.map((plan) => choice(plan, plan.code === preferred)));
  openChange();
  byId("choices").querySelector("input:checked, input")?.focus();
}

function choice(plan, checked) {
  const { amount, per } = priceOf(plan);
  return el("label", { class: "choice" },
    el("input", { type: "radio", name: "plan", value: plan.code, required: "required", checked: checked && "checked", "data-testid": `to-${plan.code}` }),
    el("span", { class: "choice-name", text: plan.name }), el("span", { class: "muted", text: `${amount} ${per}` }));
}

function askCancel() {
  const end = current()?.current_period_end;
  const name = planOf(entitlements.plan_code)?.name ?? "Your plan";
  byId("cancel-text").textContent =
    `${name} stays on until ${end ? day(end) : "the end of the period you have paid for"}, then it ends. Nothing more is charged, and nothing is paid back.`;
  openCancel();
}

function onEvents(events, { isNew }) {
  for (const event of events) if (event.type.startsWith("subscription.") && event.data?.id) learn(event.data);
  showEvents(events, { isNew });
  if (entitlements) showPlan();
  if (isNew && events.some((event) => EVENTS_THAT_CHANGE_US.test(event.type))) refresh().catch(sayProblem);
}

function wire() {
  byId("run").addEventListener("click", (event) => act(event.currentTarget, "Analysing…", runAnalysis));
  byId("change").addEventListener("click", () => chooseChange());
  byId("cancel").addEventListener("click", askCancel);
  byId("portal").addEventListener("click", (event) => act(event.currentTarget, "Opening…", openPortal));
}

async function openPortal() {
  await goTo((await paylera.billingPortal({ return_url: "/app" })).url);
}

async function start() {
  wire();
  drawTile(byId("tile"), 1);
  try {
    await refresh();
    const preferred = new URLSearchParams(location.search).get("change");
    if (preferred && entitlements.subscription_id) chooseChange(preferred);
  } catch (error) {
    sayProblem(error);
    if (!entitlements) showNothing();
  }
  followEvents(onEvents, showFeedState);
}

start();
