"""The real software that livyd is tested against: one module a part, each startable on its own."""
