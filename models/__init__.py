"""Judges texts and numbers; knows no store and no network."""
