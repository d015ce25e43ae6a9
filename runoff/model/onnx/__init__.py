"""The form ``onnx``: exported, read and repaired."""
