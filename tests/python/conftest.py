# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the Python part."""

from __future__ import annotations

import pytest
from config_tools import Tools


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Built once."""
    return Tools()
