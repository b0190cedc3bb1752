"""Keeps everything: migrations, store, queries."""
