"""What the journal says of a description that was changed."""

from services.api.domain.floor import step_of
from services.contracts.topology import Queue, Text


def test_only_what_changed_is_said_in_words_and_not_at_length():
    name = Text(en="Service", zh="服务")
    before = Queue(id="bank/PS", name=name, thresholds_s=(20, 30), target_percent=80, ghost_after_s=900)
    now = before.model_copy(
        update={
            "name": Text(en="S" * 300, zh="服务"),
            "thresholds_s": (20, 60),
            "target_percent": 85,
            "ghost_after_s": None,
        }
    )

    step = step_of(now, before, by="ana", at=5, why="agreed", mark="m")

    assert (step.id, step.subject, step.by, step.why) == ("floor|queue|bank/PS|m", "queue|bank/PS", "ana", "agreed")
    assert step.changes.keys() == {"name", "thresholds_s", "target_percent", "ghost_after_s"}
    assert (step.changes["thresholds_s"], step.changes["target_percent"]) == ("20, 60", "85.0")
    assert step.changes["ghost_after_s"] == ""
    assert step.changes["name"].startswith("en: SSS")
    assert step.changes["name"].endswith("…")


def test_of_a_new_one_everything_is_said():
    step = step_of(Queue(id="bank/PS", name=Text(en="Service", zh="服务")), None, by="ana", at=5, why="", mark="m")
    assert step.changes["name"] == "en: Service, zh: 服务"
    assert "ghost_after_s" not in step.changes
