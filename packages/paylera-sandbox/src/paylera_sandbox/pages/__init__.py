"""The pages that people see: the index, the checkout, the portal."""
