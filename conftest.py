"""Names the plugins that make the suite; what they do is in fixtures/."""

pytest_plugins = [
    "fixtures.options",
    "fixtures.run",
    "fixtures.contenders",
    "fixtures.alone",
    "fixtures.refusals",
    "fixtures.preparation",
    "fixtures.race",
    "fixtures.efficiency",
    "fixtures.service",
    "fixtures.accuracy",
    "fixtures.footprint",
    "fixtures.recorder",
    "fixtures.conversion",
    "fixtures.results",
    "fixtures.interruption",
    "fixtures.screen",
]
