"""The number of the form in which runs are stored; it changes whenever an older reader would misread a newer run."""

SCHEMA = 1
