// The reference: finding an operation, and trying one. Everything else on these pages works without.
"use strict";

// Finding -----------------------------------------------------------------------------------------------------------
const search = document.querySelector("[data-filter] input");

function find() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const part of document.querySelectorAll("[data-part]")) {
    let here = 0;
    for (const row of part.querySelectorAll("[data-row]")) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      here += !row.hidden;
    }
    part.hidden = !here;
    found += here;
  }
  document.querySelector("[data-found]").textContent = words.length ? `${found} found` : "";
}

if (search) {
  document.querySelector("[data-filter]").hidden = false;
  search.addEventListener("input", find);
  find();
}

// Trying ------------------------------------------------------------------------------------------------------------
const trial = document.querySelector("[data-try]");
const form = trial?.querySelector("form");

function request() {
  const inputs = [...form.querySelectorAll("[data-in]")].filter((input) => input.value !== "");
  const of = (place) => inputs.filter((input) => input.dataset.in === place);
  const path = of("path").reduce((all, { name, value }) => all.replace(`{${name}}`, encodeURIComponent(value)), form.dataset.path);
  const query = new URLSearchParams(of("query").map(({ name, value }) => [name, value])).toString();
  const headers = { Authorization: `Bearer ${form.querySelector("#token").value}` };
  for (const { name, value } of of("header")) headers[name] = value;
  const body = form.querySelector("#body")?.value.trim();
  if (body) headers["Content-Type"] = "application/json";
  return { method: form.dataset.method, target: query ? `${path}?${query}` : path, headers, body: body || undefined };
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function curl({ method, target, headers, body }) {
  const lines = [`curl -X ${method} ${quoted(form.dataset.origin + target)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) lines.push(`-d ${quoted(body)}`);
  return lines.join(" \\\n  ");
}

async function send() {
  const { method, target, headers, body } = request();
  const began = performance.now();
  const answer = await fetch(target, { method, headers, body });
  const text = answer.headers.get("Content-Type")?.includes("json") ? JSON.stringify(await answer.json(), null, 2) : "";
  return { line: `${answer.status} ${answer.statusText}, ${Math.round(performance.now() - began)} ms`, text: text || answer.headers.get("Content-Type") || "no body" };
}

function renew() {
  const key = form.querySelector('[name="Idempotency-Key"]');
  if (key) key.value = crypto.randomUUID();
}

if (form) {
  const outcome = trial.querySelector("[data-outcome]");
  const shown = trial.querySelector("[data-answer]");
  trial.hidden = false;
  renew();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "Sending …";
    try {
      const { line, text } = await send();
      outcome.textContent = line;
      shown.textContent = text;
      shown.hidden = false;
    } catch (error) {
      outcome.textContent = `Not sent: ${error.message}`;
    }
    renew();
  });
  trial.querySelector("[data-curl]").addEventListener("click", async () => {
    await navigator.clipboard.writeText(curl(request()));
    outcome.textContent = "Copied";
  });
}
