"""Agents' planned days as people bring them: CSV, iCalendar, JSON."""
