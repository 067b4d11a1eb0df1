"""Models: one TypedDict for every resource and every answer, the only description of what the API answers.

The OpenAPI document is made from them (`paylera_sandbox.openapi`), and the tests hold every answer against it. A string
below a member describes it to readers. All members are always there unless they are `NotRequired`.
"""
