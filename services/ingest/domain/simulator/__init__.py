"""A seeded simulation of call-centre floors: the stand-in for a PBX."""

from services.ingest.domain.simulator.describe import topology_of
from services.ingest.domain.simulator.floor import Floor, FloorError, parse_floor
from services.ingest.domain.simulator.orders import HOME, Order
from services.ingest.domain.simulator.run import Event
from services.ingest.domain.simulator.simulator import Simulator, SnapshotError

__all__ = [
    "HOME",
    "Event",
    "Floor",
    "FloorError",
    "Order",
    "Simulator",
    "SnapshotError",
    "parse_floor",
    "topology_of",
]
