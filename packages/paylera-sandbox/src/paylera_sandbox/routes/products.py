"""Products, to which plans belong."""

from __future__ import annotations

from paylera_sandbox.api import products
from paylera_sandbox.models.catalog import Product
from paylera_sandbox.models.common import Page
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "GET", "/v1/products", products.listing, query=products.FILTERS, name="ListProducts", answer=Page[Product]
    ),
    Operation(
        "POST",
        "/v1/products",
        products.create,
        body=products.CREATE,
        status=201,
        name="CreateProduct",
        answer=Product,
        problems=("product.code_taken",),
    ),
    Operation("GET", "/v1/products/{id}", products.get, name="GetProduct", answer=Product),
    Operation(
        "PATCH", "/v1/products/{id}", products.update, body=products.UPDATE, name="UpdateProduct", answer=Product
    ),
    Operation("POST", "/v1/products/{id}/archive", products.archive, name="ArchiveProduct", answer=Product),
)
