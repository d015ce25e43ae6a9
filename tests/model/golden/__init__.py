"""Tests of golden: of modules it is tested where they are, of ONNX files here."""
