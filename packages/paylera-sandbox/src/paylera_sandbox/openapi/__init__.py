"""The OpenAPI 3.1 document, made from the route table, the rules of its fields, and the models of its answers."""
