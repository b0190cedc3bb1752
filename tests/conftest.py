"""What many tests share."""

from collections.abc import Iterator

import pytest
from faultserver import FaultServer


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    """A local server with a route for each fault."""
    with FaultServer() as server:
        yield server
