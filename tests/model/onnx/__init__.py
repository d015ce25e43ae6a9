"""Tests of the export to ONNX, and repairs."""
