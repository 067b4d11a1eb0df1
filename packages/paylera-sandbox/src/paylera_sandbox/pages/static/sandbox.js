// What the pages do beyond HTML: lists that stay fresh, copying, filling in a test card, a few keys. All works without.
"use strict";

const store = {
  get: (name) => { try { return localStorage.getItem(`paylera-sandbox-${name}`); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(`paylera-sandbox-${name}`, value); } catch { /* private mode */ } },
};

// Lists that stay fresh -------------------------------------------------------------------------------------------
const EVERY = 3000;
const toggle = document.querySelector("[data-live-toggle]");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let live = store.get("live") ? store.get("live") === "on" : !still;
let version = null;

const busy = (part) =>
  part.contains(document.activeElement) || (!getSelection().isCollapsed && getSelection().containsNode(part, true));

function replace(part, fresh) {
  if (part.innerHTML === fresh.innerHTML) return;
  const open = new Set([...part.querySelectorAll("details[open][id]")].map((each) => each.id));
  const known = new Set([...part.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
  part.innerHTML = fresh.innerHTML;
  for (const each of part.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = true;
  for (const row of part.querySelectorAll("[data-row]")) if (!known.has(row.dataset.row)) row.dataset.fresh = "";
  enliven(part);
}

async function refresh() {
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => part.id);
  if (!live || document.hidden || parts.every(busy)) return;
  const answer = await fetch(location.href, { headers: version ? { "If-None-Match": version } : {} });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  version = answer.headers.get("ETag");
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (busy(part)) version = null; // its turn comes when nobody works in it
    else if (fresh) replace(part, fresh);
  }
}

function showLive() {
  toggle.hidden = !document.querySelector("[data-live]");
  toggle.setAttribute("aria-pressed", String(live));
  toggle.textContent = live ? "Live: on" : "Live: off";
}

function setLive(on) {
  live = on;
  store.set("live", on ? "on" : "off");
  showLive();
  refresh().catch(() => {});
}

if (toggle) {
  showLive();
  toggle.addEventListener("click", () => setLive(!live));
  setInterval(() => refresh().catch(() => {}), EVERY);
}

// Copying, secrets, test cards -------------------------------------------------------------------------------------
function enliven(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const label = button.textContent;
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  }
  for (const link of root.querySelectorAll("[data-card]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      for (const [name, value] of new URLSearchParams(link.dataset.card)) {
        const field = document.getElementById(name);
        if (field && (name === "card_number" || !field.value)) field.value = value;
      }
      document.getElementById("card_number").focus();
    });
  }
}
enliven(document);

document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Keys ------------------------------------------------------------------------------------------------------------
const help = document.getElementById("keys");
const GO = { o: "overview", c: "customers", s: "subscriptions", i: "invoices", p: "payments", e: "events", d: "deliveries", w: "webhooks", r: "requests", t: "clock", f: "faults" };
let leading = false;

function step(by) {
  const links = [...document.querySelectorAll("[data-row] th a")];
  const at = links.indexOf(document.activeElement);
  if (links.length) links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
}

const KEYS = {
  "/": () => document.getElementById("q")?.focus(),
  "?": () => help.showModal(),
  j: () => step(1),
  k: () => step(-1),
  l: () => setLive(!live),
  g: () => { leading = true; setTimeout(() => { leading = false; }, 1500); },
};

if (help) {
  const keys = document.getElementById("keys-on");
  keys.checked = store.get("keys") !== "off";
  keys.addEventListener("change", () => store.set("keys", keys.checked ? "on" : "off"));
  const opener = document.querySelector("[data-keys]");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys.checked || help.open) return;
    if (event.target.closest("input, select, textarea")) return;
    const target = leading && document.querySelector(`[data-go="${GO[event.key]}"]`);
    if (target) return target.click();
    if (KEYS[event.key]) { event.preventDefault(); KEYS[event.key](); }
  });
}
