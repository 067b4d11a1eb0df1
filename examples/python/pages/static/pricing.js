/** The pricing page: plans for everyone, the right button for each person. */
import { act, byId, el, featureLine, goTo, hush, isSignedIn, loginLink, paylera, priceOf, sayProblem, say } from "./ui.js";

const FEATURED = "pro";
const wanted = new URLSearchParams(location.search).get("plan");

async function show() {
  const [plans, current] = await Promise.all([paylera.plans(), currentPlan()]);
  const list = byId("plans");
  list.replaceChildren(...plans.data.map((plan) => card(plan, current)));
  list.setAttribute("aria-busy", "false");
  list.querySelector("[data-wanted]")?.focus();
}

/** The signed-in person's plan code, if any. When it cannot be read, the plans are still worth showing. */
async function currentPlan() {
  if (!isSignedIn) return null;
  try {
    return (await paylera.entitlements()).plan_code ?? null;
  } catch (error) {
    sayProblem(error);
    return null;
  }
}

function card(plan, current) {
  const { amount, per } = priceOf(plan);
  const lines = Object.entries(plan.features ?? {}).map(([code, feature]) => featureLine(code, feature)).filter(Boolean);
  const isFeatured = plan.code === FEATURED;
  return el("li", { class: `card plan${isFeatured ? " featured" : ""}`, "data-testid": `plan-${plan.code}` },
    el("h3", { class: "plan-title" }, plan.name, isFeatured && el("span", { class: "tag", text: "Recommended" })),
    el("p", { class: "price" }, el("strong", { text: amount }), ` ${per}`),
    el("p", { class: "muted", text: plan.description ?? "" }),
    action(plan, current),
    el("ul", { class: "ticks" }, ...lines.map((line) => el("li", { text: line }))));
}

function action(plan, current) {
  const look = `button wide${plan.code === FEATURED ? "" : " quiet"}`;
  const mark = { "data-testid": `choose-${plan.code}`, "data-wanted": plan.code === wanted };
  if (plan.code === current) return el("p", { class: "current", "data-testid": `current-${plan.code}`, text: "Your plan" });
  if (current) return el("a", { class: look, href: `/app?change=${encodeURIComponent(plan.code)}`, text: `Switch to ${plan.name}`, ...mark });
  if (!isSignedIn) {
    return el("a", { class: look, href: loginLink(`/?plan=${encodeURIComponent(plan.code)}`), text: `Choose ${plan.name}`, ...mark });
  }
  const button = el("button", { class: look, type: "button", text: `Choose ${plan.name}`, ...mark });
  button.addEventListener("click", () => act(button, "Opening checkout…", () => subscribe(plan)));
  return button;
}

async function subscribe(plan) {
  const welcome = `/welcome?plan=${encodeURIComponent(plan.code)}`;
  const { checkout_url: checkout } = await paylera.attach({ plan_code: plan.code, success_url: welcome, cancel_url: "/?canceled=1" });
  await goTo(checkout ?? welcome);
}

/** Try once, and offer to try again: without plans the page is empty. */
async function start() {
  try {
    await show();
  } catch (error) {
    sayProblem(error);
    const again = el("button", { class: "button quiet", type: "button", text: "Try again", "data-testid": "retry" });
    again.addEventListener("click", () => { hush(); start(); });
    byId("plans").replaceChildren(el("li", { class: "card retry" }, el("p", { text: "The plans could not be loaded." }), again));
  }
}

if (new URLSearchParams(location.search).has("canceled")) say("Checkout was left. Nothing was charged.", { good: true });
start();
