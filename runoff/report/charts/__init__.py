"""Charts of a stored run, one file each."""
