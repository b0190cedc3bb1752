"""Writes what is told in the form that each target shows: text, e-mail, Slack, Teams, Discord, a page, a PDF."""
