"""Where a model comes from: what ``--model`` and ``--weights`` ask for becomes a ``Model``."""
