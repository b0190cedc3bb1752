"""Joins the stages: Prefect flows, command line, alerts."""
