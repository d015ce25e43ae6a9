"""Models that conversions are tried on: TorchVision's architectures, and small ones that carry one operator each."""
