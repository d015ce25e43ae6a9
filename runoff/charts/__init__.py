"""Drawing. Nothing here imports before it is known that Python has the docstrings which altair reads when imported."""

import sys

from runoff.errors import UsageError

if sys.flags.optimize > 1:
    raise UsageError(
        "Python runs without docstrings (PYTHONOPTIMIZE=2 or -OO), which drawing charts needs; "
        "unset PYTHONOPTIMIZE and run again"
    )
