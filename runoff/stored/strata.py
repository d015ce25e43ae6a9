"""Reading what makes a run comparable, from what it says about itself: ``machine_info["runoff"]``."""

from __future__ import annotations

from runoff.stored.fields import Field
from runoff.stored.stratum import Stratum

RACED = "raced"


def read_stratum(about: Field) -> Stratum:
    """Read a run's stratum; before its race it has no checkpoint and no contenders.

    Raises StoredRunBroken with the field.
    """
    stratum, contenders = about["stratum"], about["contenders"].parts()
    return Stratum(
        cpu=stratum["cpu"].text(),
        cpu_flags=frozenset(flag.text() for flag in stratum["cpu_flags"].items()),
        threads=stratum["threads"].whole(),
        reference=about["reference"].text(),
        checkpoint=about.optional("checkpoint", lambda found: (found["name"].text(), found["sha256"].text())),
        environments={name: versions.texts() for name, versions in stratum["versions"].parts().items()},
        contenders={
            name: came_of["versions"].texts()
            for name, came_of in contenders.items()
            if came_of["status"].text() == RACED
        },
    )
