"""How a seeding goes."""

from __future__ import annotations

from dataclasses import dataclass

from paylera_sandbox.store import Doc


@dataclass(slots=True)
class Seeding:
    """What is sown, and how far it is."""

    customers: int
    months: int
    seed: int
    status: str = "running"
    done: int = 0
    total: int = 0
    error: str | None = None

    def shown(self) -> Doc:
        """Return it as the API shows it. `done` and `total` count what the customers do."""
        share = self.done / self.total if self.total else float(self.status == "done")
        return {
            "object": "seeding",
            "status": self.status,
            "customers": self.customers,
            "months": self.months,
            "seed": self.seed,
            "done": self.done,
            "total": self.total,
            "share": round(share, 4),
            "error": self.error,
        }
