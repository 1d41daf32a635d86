"""What is told to whom: channels and routes, quiet hours, texts, and the outbox's state machine. All of it is pure."""
