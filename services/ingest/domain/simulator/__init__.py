"""A seeded simulation of call-centre floors: the stand-in for a PBX."""

from services.ingest.domain.simulator.describe import topology_of
from services.ingest.domain.simulator.floor import Floor, FloorError, parse_floor
from services.ingest.domain.simulator.run import Event
from services.ingest.domain.simulator.simulator import Simulator, SnapshotError

__all__ = ["Event", "Floor", "FloorError", "Simulator", "SnapshotError", "parse_floor", "topology_of"]
