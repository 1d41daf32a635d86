"""`python -m services.metrics`: count what the contacts and ivr topics bring."""

from services.metrics.app import run
from services.metrics.settings import MetricsSettings
from services.runtime import logs
from services.runtime.settings import load

if __name__ == "__main__":
    settings = load(MetricsSettings)
    logs.configure(settings, "metrics")
    run(settings)
