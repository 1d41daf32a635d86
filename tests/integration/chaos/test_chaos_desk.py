"""The chaos program for the desk, for a short while: people act while what carries their commands is killed."""

import pytest

from tests.integration.chaos.test_chaos import chaos, left_in

pytestmark = pytest.mark.timeout(300)


def test_each_step_of_alerts_plans_and_moves_stands_once_whatever_is_killed(tmp_path):
    folder = tmp_path / "run"
    with chaos(
        "--seed", "217", "--duration", "20", "--session", "3", "--keep", str(folder), program="tests.chaos.desk"
    ) as run:
        said, _ = run.communicate(timeout=240)

    assert run.returncode == 0, said
    assert "things compared at the end, 0 wrong" in said, said
    assert " done " in said, said
    assert not left_in(folder)
