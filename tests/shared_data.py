"""Where the real data lies that the project reads by path and does not carry."""

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data() -> Path:
    """The folder of real data; without it the test is skipped, but in CI it fails.

    The folder stands beside the checkout: ../shared/data.
    """
    if not SHARED_DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail("the real data is missing: ../shared/data beside the checkout")
        pytest.skip("the real data is not here: ../shared/data beside the checkout")
    return SHARED_DATA
