"""A page of two fakes, and who talks to it."""

from __future__ import annotations

import pytest

from tests.web import fake_page

LIMIT = 2_000_000
TRUSTED = ("localhost", "page.example")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Serve two fakes, with small limits."""
    limits = {"upload_limit": LIMIT, "pixel_limit": 4_000_000, "trusted_hosts": TRUSTED}
    with fake_page(tmp_path_factory.mktemp("page"), **limits) as made:
        yield made


@pytest.fixture
def client(app):
    """Talk to the application without a server."""
    return app.test_client()
