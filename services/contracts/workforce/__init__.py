"""What agents did, against what was planned. Pure.

In the contracts, because two services count with it: metrics, and the API that draws an agent's day from the log.
"""
