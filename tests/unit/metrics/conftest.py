"""Pages are kept in parts from their first contact on, so that every law about crashes is about parts, too."""

from collections.abc import Iterator

import pytest

from services.metrics.domain import pages


@pytest.fixture(autouse=True, scope="session")
def small_pages_have_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "LARGE", 1)
        yield
