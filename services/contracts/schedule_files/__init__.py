"""Schedules as files: CSV and iCalendar → agents' days, with every mistake and its line. For ingest and the API."""
