"""Chaos for the desk: rules, people and notifications while what carries them is killed; the log judges."""
