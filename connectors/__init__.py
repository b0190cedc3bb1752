"""Asks one source and reads its answer: values in, values out; knows no store."""
