"""The invariants of money and state, read off the database by people who did not write the sandbox: sums, limits, and
which state may follow which. They are written from the documentation, not from the code, and share nothing with it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

from paylera_sandbox.store import Store

Doc = dict[str, Any]
ZERO = Decimal(0)
DIGITS = {"JPY": 0, "KRW": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3, "CLF": 4}

# Which state may follow which. Staying is always allowed: an object changes in other ways too.
LEGAL = {
    "subscription": {
        None: {"pending_activation", "trialing", "active"},
        "pending_activation": {"trialing", "active", "incomplete_expired"},
        "trialing": {"active", "canceled"},
        "active": {"past_due", "paused", "canceled", "ended"},
        "past_due": {"active", "canceled", "paused"},
        "paused": {"active", "canceled"},
    },
    "invoice": {
        None: {"draft"},
        "draft": {"open"},
        "open": {"partially_paid", "paid", "void", "uncollectible"},
        "partially_paid": {"paid", "uncollectible"},
    },
    "payment": {
        None: {"pending", "processing"},
        "pending": {"processing", "requires_action", "succeeded", "failed", "canceled"},
        "processing": {"requires_action", "succeeded", "failed"},
        "requires_action": {"processing", "succeeded", "failed", "canceled"},
        "succeeded": {"partially_refunded", "refunded", "charged_back"},
        "partially_refunded": {"refunded", "charged_back"},
        "charged_back": {"succeeded", "partially_refunded"},
    },
}
CAPTURED = {"succeeded", "partially_refunded", "refunded", "charged_back"}


class Books:
    """Everything that the database holds, read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.invoices = self.all("invoices")
        self.payments = self.all("payments")
        self.subscriptions = self.all("subscriptions")
        self.events = self.all("events")

    def all(self, table: str) -> list[Doc]:
        """Return all objects of a table, oldest first."""
        return [json.loads(row[0]) for row in self._store.execute(f"SELECT doc FROM {table} ORDER BY seq")]


def breaks(store: Store) -> list[str]:
    """Return what is wrong, each as a sentence; nothing, if all is well."""
    books = Books(store)
    return [f"{check.__name__}: {fault}" for check in CHECKS for fault in check(books)]


def amounts(doc: Doc, *names: str) -> list[Decimal]:
    return [Decimal(doc[name]) for name in names]


def lines_are_rounded_each(books: Books) -> Iterator[str]:
    """Every amount has the digits of its currency, tax is half-even on the line's own net amount."""
    for invoice in books.invoices:
        unit = Decimal(1).scaleb(-DIGITS.get(invoice["currency"], 2))
        for line in invoice["lines"]:
            amount, discount, tax = amounts(line, "amount", "discount_amount", "tax_amount")
            if any(value != value.quantize(unit) for value in (amount, discount, tax)):
                yield f"{invoice['id']} {line['id']} has digits below the minor unit"
            due = ((amount - discount) * Decimal(line["tax_rate"])).quantize(unit, ROUND_HALF_EVEN)
            if tax != due:
                yield f"{invoice['id']} {line['id']} is taxed {tax} instead of {due}"
            if discount and not abs(discount) <= abs(amount):
                yield f"{invoice['id']} {line['id']} is discounted by {discount} of {amount}"


def totals_add_up(books: Books) -> Iterator[str]:
    """Totals are sums of lines, and what is due is what nothing has covered."""
    for invoice in books.invoices:
        subtotal, discount, tax, total = amounts(invoice, "subtotal", "discount", "tax", "total")
        sums = [sum((Decimal(line[name]) for line in invoice["lines"]), ZERO) for name in LINE_SUMS]
        if [subtotal, discount, tax] != sums or total != subtotal - discount + tax:
            yield f"{invoice['id']} says {subtotal} - {discount} + {tax} = {total}, its lines say {sums}"
        if sum((Decimal(entry["amount"]) for entry in invoice["tax_breakdown"]), ZERO) != tax:
            yield f"{invoice['id']} breaks its tax down to something else"
        paid, due, credit, noted = amounts(invoice, "amount_paid", "amount_due", "credit_applied", "amount_credited")
        covered = total - paid - credit - noted
        if invoice["status"] == "void":
            covered = ZERO
        if due != covered:
            yield f"{invoice['id']} ({invoice['status']}) has {due} due instead of {covered}"
        if not ZERO <= paid <= max(total, ZERO) or due < ZERO:
            yield f"{invoice['id']} of {total} is paid {paid}, due {due}"
        if invoice["status"] == "paid" and due != ZERO:
            yield f"{invoice['id']} is paid and has {due} due"
        if invoice["status"] == "open" and paid > ZERO:
            yield f"{invoice['id']} is open and has {paid} paid"


LINE_SUMS = ("amount", "discount_amount", "tax_amount")


def paid_is_what_payments_brought(books: Books) -> Iterator[str]:
    """What an invoice says it was paid is what captured payments brought: no more, no less, nothing twice."""
    brought: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in books.payments:
        if payment["status"] in CAPTURED and payment["invoice_id"]:
            brought[payment["invoice_id"]] += Decimal(payment["amount"])
    for invoice in books.invoices:
        if brought[invoice["id"]] != Decimal(invoice["amount_paid"]):
            yield f"{invoice['id']} says {invoice['amount_paid']}, its payments {brought[invoice['id']]}"


def refunds_are_covered(books: Books) -> Iterator[str]:
    """Refunds never exceed their payment, and its state says how much of it went back."""
    back: defaultdict[str, Decimal] = defaultdict(Decimal)
    for refund in books.all("refunds"):
        back[refund["payment_id"]] += Decimal(refund["amount"])
        if Decimal(refund["amount"]) <= ZERO:
            yield f"{refund['id']} refunds {refund['amount']}"
    for payment in books.payments:
        amount, told = Decimal(payment["amount"]), back[payment["id"]]
        if told > amount or told != Decimal(payment["amount_refunded"]):
            yield f"{payment['id']} of {amount} says {payment['amount_refunded']} refunded, its refunds {told}"
        if payment["status"] == "refunded" and told != amount:
            yield f"{payment['id']} is refunded, and {told} of {amount} went back"
        if payment["status"] == "succeeded" and told > ZERO:
            yield f"{payment['id']} is succeeded, and {told} of {amount} went back"
        if told > ZERO and payment["status"] not in CAPTURED:
            yield f"{payment['id']} is {payment['status']}, and {told} of {amount} went back"


def credit_notes_are_covered(books: Books) -> Iterator[str]:
    """What credit notes give is never more than their invoice was."""
    noted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for note in books.all("credit_notes"):
        noted[note["invoice_id"]] += abs(Decimal(note["total"]))
        if Decimal(note["total"]) >= ZERO or Decimal(note["total"]) != Decimal(note["subtotal"]) + Decimal(note["tax"]):
            yield f"{note['id']} has the sums {note['subtotal']} + {note['tax']} = {note['total']}"
    for invoice in books.invoices:
        if noted[invoice["id"]] > max(Decimal(invoice["total"]), ZERO):
            yield f"{invoice['id']} of {invoice['total']} has {noted[invoice['id']]} in credit notes"


def no_more_goes_back_than_came(books: Books) -> Iterator[str]:
    """Refunds, chargebacks and credit that notes gave are together at most what an invoice brought in."""
    back: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in books.payments:
        whole = payment["status"] == "charged_back"
        back[payment["invoice_id"]] += Decimal(payment["amount" if whole else "amount_refunded"])
    charged_back = {payment["invoice_id"] for payment in books.payments if payment["status"] == "charged_back"}
    for note in books.all("credit_notes"):
        if note["outcome"]["kind"] == "credit_balance":
            back[note["invoice_id"]] -= Decimal(note["total"])
    for invoice in books.invoices:
        came = Decimal(invoice["amount_paid"]) + max(Decimal(invoice["credit_applied"]), ZERO)
        if back[invoice["id"]] > came and invoice["id"] not in charged_back:  # a bank asks nobody
            yield f"{invoice['id']} brought {came}, and {back[invoice['id']]} went back"


def invoices_tell_what_is_lost(books: Books) -> Iterator[str]:
    """What payers' banks took back, and was not given back before, stands on the invoice until the dispute is won."""
    lost: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in books.payments:
        if payment["status"] == "charged_back":
            lost[payment["invoice_id"]] += Decimal(payment["amount"]) - Decimal(payment["amount_refunded"])
    for invoice in books.invoices:
        told = Decimal(invoice["amount_charged_back"])
        if told != lost[invoice["id"]]:
            yield f"{invoice['id']} says that {told} was charged back, its payments {lost[invoice['id']]}"


def one_payment_waits(books: Books) -> Iterator[str]:
    """A payer is never asked twice for one invoice."""
    waiting = Counter(doc["invoice_id"] for doc in books.payments if doc["status"] == "requires_action")
    yield from (
        f"{invoice} has {count} payments waiting" for invoice, count in waiting.items() if invoice and count > 1
    )


def wallets_keep_their_floor(books: Books) -> Iterator[str]:
    """A balance is the sum of its entries, at every moment, and at no moment below the drift floor."""
    entries: defaultdict[str, list[Doc]] = defaultdict(list)
    for entry in books.all("wallet_entries"):
        entries[entry["wallet_id"]].append(entry)
    for wallet in books.all("wallets"):
        balance = ZERO
        for entry in entries[wallet["id"]]:
            balance += Decimal(entry["amount"])
            if balance != Decimal(entry["balance_after"]):
                yield f"{wallet['id']} has {balance} after {entry['id']}, which says {entry['balance_after']}"
            if Decimal(entry["amount"]) < ZERO and balance < Decimal(wallet["drift_floor"]):
                yield f"{wallet['id']} fell to {balance}, below {wallet['drift_floor']}"
        if balance != Decimal(wallet["balance"]):
            yield f"{wallet['id']} says {wallet['balance']}, its entries {balance}"


def credit_is_never_negative(books: Books) -> Iterator[str]:
    """A customer is owed nothing or something."""
    for customer in books.all("customers"):
        for currency, balance in customer["credit_balances"].items():
            if Decimal(balance) < ZERO:
                yield f"{customer['id']} is owed {balance} {currency}"


def periods_are_billed_once(books: Books) -> Iterator[str]:
    """A component of a subscription is charged once for a period that begins at a moment."""
    charged: Counter[tuple[str, str, str, str]] = Counter()
    for invoice in books.invoices:
        if invoice["status"] in {"void", "draft"} or invoice["subscription_id"] is None:
            continue
        for line in invoice["lines"]:
            whole = line["period_start"] and not line["description"].startswith(("Unused", "Remaining"))
            if whole and Decimal(line["amount"]) > ZERO:
                charged[invoice["subscription_id"], line["code"], line["period_start"], line["period_end"]] += 1
    yield from (f"{key} was charged {times} times" for key, times in charged.items() if times > 1)


def invoice_numbers_have_no_gaps(books: Books) -> Iterator[str]:
    """Numbers count up from one each year."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for invoice in books.invoices:
        if invoice["number"]:
            _, year, number = invoice["number"].split("-")
            numbers[year].append(int(number))
        elif invoice["status"] != "draft":
            yield f"{invoice['id']} is {invoice['status']} and has no number"
    for year, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"{year} has the numbers {sorted(found)}"


def states_follow_the_table(books: Books) -> Iterator[str]:
    """States follow one another as documented, time never runs backwards, versions grow by one."""
    states: dict[str, Any] = {}
    versions: dict[str, int] = {}
    moment = ""
    for event in books.events:
        if event["occurred_at"] < moment:
            yield f"{event['id']} ({event['type']}) happened at {event['occurred_at']}, after {moment}"
        moment = event["occurred_at"]
        kind, data = event["type"].partition(".")[0], event["data"]
        if kind in LEGAL and "status" in data:
            before, after = states.get(data["id"]), data["status"]
            if before != after and after not in LEGAL[kind].get(before, set()):
                yield f"{data['id']} went from {before} to {after} by {event['type']}"
            states[data["id"]] = after
        if kind == "subscription" and "version" in data:
            before_version = versions.get(data["id"], data["version"])
            if not before_version <= data["version"] <= before_version + 1:
                yield f"{data['id']} went from version {before_version} to {data['version']}"
            versions[data["id"]] = data["version"]
    yield from _told(books, states)


def _told(books: Books, states: dict[str, Any]) -> Iterator[str]:
    """The last event of an object tells the state that it has."""
    for doc in (*books.subscriptions, *books.invoices, *books.payments):
        if states.get(doc["id"]) != doc["status"]:
            yield f"{doc['id']} is {doc['status']}, its last event says {states.get(doc['id'])}"


def events_sort_as_they_happened(books: Books) -> Iterator[str]:
    """By their moment, and then by their id: receivers put them in order by that."""
    marks = [(event["occurred_at"], event["id"]) for event in books.events]
    yield from (f"{later[1]} sorts before {earlier[1]}" for earlier, later in pairwise(marks) if later <= earlier)


def updates_say_what_was(books: Books) -> Iterator[str]:
    """An update names what changed, and that is not what it is now."""
    for event in books.events:
        if event["type"].endswith(".updated"):
            previous = event.get("previous_attributes")
            if not previous:
                yield f"{event['id']} ({event['type']}) tells of no change"
            elif any(event["data"].get(name) == value for name, value in previous.items()):
                yield f"{event['id']} ({event['type']}) names a member that did not change: {sorted(previous)}"


def debts_alone_keep_a_pause_of_dunning(books: Books) -> Iterator[str]:
    """A subscription that rests because of a debt goes on once the debt is paid, and no debt is forgotten by it."""
    for doc in books.subscriptions:
        case = doc["dunning"]
        if doc["status"] != "paused" or case is None:
            continue
        own = [invoice for invoice in books.invoices if invoice["subscription_id"] == doc["id"]]
        owed = any(invoice["status"] in {"open", "partially_paid"} for invoice in own)
        paid = any(invoice["id"] == case["invoice_id"] and invoice["status"] == "paid" for invoice in own)
        if not case["exhausted_at"] or doc["pause_reason"] != "payment_failed":
            yield f"{doc['id']} is paused by a case of dunning that goes on: {case}"
        if paid and not owed:
            yield f"{doc['id']} is paused for a debt that is paid"


def one_subscription_at_a_time(books: Books) -> Iterator[str]:
    """A customer has one subscription that counts, and while there is one, no other waits for its first payment."""
    held: defaultdict[str, list[Doc]] = defaultdict(list)
    for doc in books.subscriptions:
        if doc["status"] in {"trialing", "active", "past_due", "paused", "pending_activation"}:
            held[doc["customer_id"]].append(doc)
    for customer, docs in held.items():
        states = {doc["id"]: doc["status"] for doc in docs}
        if len(docs) > 1 and set(states.values()) != {"pending_activation"}:
            yield f"{customer} has {states}"


def what_never_began_costs_nothing(books: Books) -> Iterator[str]:
    """Of what was paid for a subscription that was given up, nothing is kept."""
    never = {doc["id"] for doc in books.subscriptions if doc["status"] == "incomplete_expired"}
    of_these = {invoice["id"] for invoice in books.invoices if invoice["subscription_id"] in never}
    for payment in books.payments:
        if payment["invoice_id"] in of_these and payment["status"] not in {"failed", "canceled", "refunded"}:
            yield f"{payment['id']} of a subscription that never began is {payment['status']}"


CHECKS: tuple[Callable[[Books], Iterator[str]], ...] = (
    lines_are_rounded_each,
    totals_add_up,
    paid_is_what_payments_brought,
    refunds_are_covered,
    credit_notes_are_covered,
    no_more_goes_back_than_came,
    invoices_tell_what_is_lost,
    one_payment_waits,
    wallets_keep_their_floor,
    credit_is_never_negative,
    periods_are_billed_once,
    invoice_numbers_have_no_gaps,
    states_follow_the_table,
    events_sort_as_they_happened,
    updates_say_what_was,
    debts_alone_keep_a_pause_of_dunning,
    one_subscription_at_a_time,
    what_never_began_costs_nothing,
)
