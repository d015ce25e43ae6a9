"""Labelled pictures: from a folder and what says what is on each to the set that every contender is asked."""
