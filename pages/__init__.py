"""What README and docs/ show that is made: figures of one stored run, and tables of the code."""
