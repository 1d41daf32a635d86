"""Settings reach the domain."""

from services.metrics.settings import MetricsSettings
from services.runtime.settings import load


def test_every_horizon_that_can_be_set_is_the_domains(monkeypatch):
    monkeypatch.setenv("FLOORWATCH_METRICS_LATENESS_MIN", "5")
    monkeypatch.setenv("FLOORWATCH_METRICS_HORIZON_H", "30")
    monkeypatch.setenv("FLOORWATCH_METRICS_SILENT_S", "7")
    monkeypatch.setenv("FLOORWATCH_METRICS_REPEAT_DAYS", "[2, 5]")
    horizons = load(MetricsSettings).horizons
    assert horizons.lateness_ms == 5 * 60_000
    assert horizons.horizon_ms == 30 * 3_600_000
    assert horizons.silent_ms == 7_000
    assert horizons.repeat_days == (2, 5)
