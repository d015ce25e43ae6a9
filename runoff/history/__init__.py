"""What many stored runs show over time: lines of one stratum each, and the steps in them; no framework is imported."""
