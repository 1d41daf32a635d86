"""`python -m services.alerts`: hold the rules against the tiles that metrics publishes."""

import os
import sys

from services.alerts.commands import backtest
from services.alerts.domain.rules import RuleFileError
from services.alerts.notify.secrets import read_channels
from services.alerts.rule_file import read_plans, read_rules
from services.alerts.settings import AlertsSettings
from services.contracts.yaml_file import FileFaultsError
from services.runtime import logs
from services.runtime.settings import load


def main() -> None:
    """Run until told to stop; a file that can't be used ends the start with a line per fault."""
    if sys.argv[1:2] == ["backtest"]:
        raise SystemExit(backtest(sys.argv[2:]))
    from services.alerts.app import run  # noqa: PLC0415  # Faust takes seconds to import, and a backtest needs none

    settings = load(AlertsSettings)
    try:
        rules, plans = read_rules(settings.rules_file), read_plans(settings.plans_file)
        channels = read_channels(settings.channels_file, os.environ)
    except (RuleFileError, FileFaultsError) as error:
        print(error, file=sys.stderr)  # noqa: T201  # before logging is set up
        raise SystemExit(2) from None
    logs.configure(settings, "alerts")
    run(settings, rules, plans, channels)


if __name__ == "__main__":
    main()
