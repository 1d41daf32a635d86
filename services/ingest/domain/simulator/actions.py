"""Numbers of the things that can be on the agenda. They stand in snapshots: add at the end, never renumber."""

ARRIVE, REDIAL, MENU, GIVE_UP, OVERFLOW, STEP, PLAN, SIGN_IN, BREAK, BACK, SIGN_OFF, MISPRESS = range(12)
