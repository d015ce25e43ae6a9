"""What a service pays: throughput, latency under load, end to end, threads; each by launches of its own."""
