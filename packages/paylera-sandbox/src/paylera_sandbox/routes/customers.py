"""Customers, and the invoices of each."""

from __future__ import annotations

from paylera_sandbox.api import customers, invoices
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.customers import Customer
from paylera_sandbox.models.invoices import Invoice
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "GET", "/v1/customers", customers.listing, query=customers.FILTERS, name="ListCustomers", answer=Page[Customer]
    ),
    Operation(
        "POST",
        "/v1/customers",
        customers.create,
        body=customers.CREATE,
        status=201,
        name="CreateCustomer",
        either=("email", "external_id"),
        answer=Customer,
        problems=("customer.external_id_taken",),
    ),
    Operation("GET", "/v1/customers/{id}", customers.get, name="GetCustomer", answer=Customer),
    Operation(
        "PATCH",
        "/v1/customers/{id}",
        customers.update,
        body=customers.UPDATE,
        name="UpdateCustomer",
        answer=Customer,
        problems=("customer.external_id_taken",),
    ),
    Operation(
        "GET",
        "/v1/customers/{id}/invoices",
        customers.invoices,
        query=invoices.OF_CUSTOMER,
        name="ListCustomerInvoices",
        answer=Page[Invoice],
    ),
)
