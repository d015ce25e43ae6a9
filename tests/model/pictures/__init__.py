"""Tests of runoff/model/pictures/."""
