"""Seeding: a sandbox full of customers who came, paid, used, changed their minds and left, over months."""
