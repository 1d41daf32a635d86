"""Fails if any test of a run was skipped, or a whole suite is missing: `python tools/no_skips.py test-results`.

Its last line sums up the whole run as pytest sums up its own.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

SUITES = ("pytest", "vitest", "playwright")


def main() -> int:
    """Read the three reports."""
    folder = Path(sys.argv[1])
    passed = failed = skipped = 0
    seconds = 0.0
    complete = True
    for name in SUITES:
        report = folder / f"{name}.xml"
        if not report.exists():
            print(f"{name}: no report, so it did not run")
            complete = False
            continue
        cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314  # our own test runs wrote it
        left_out = [case for case in cases if case.find("skipped") is not None]
        wrong = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
        print(f"{name}: {len(cases)} tests, {len(wrong)} failed, {len(left_out)} skipped")
        for case in left_out:
            print(f"  skipped: {case.get('classname')} {case.get('name')}")
        complete = complete and bool(cases)
        skipped, failed = skipped + len(left_out), failed + len(wrong)
        passed += len(cases) - len(left_out) - len(wrong)
        seconds += sum(float(case.get("time") or 0) for case in cases)
    parts = [
        f"{count} {word}" for count, word in ((failed, "failed"), (passed, "passed"), (skipped, "skipped")) if count
    ]
    print(f"===== {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s =====")
    return 0 if complete and not failed and not skipped else 1


if __name__ == "__main__":
    sys.exit(main())
