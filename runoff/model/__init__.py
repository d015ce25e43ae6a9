"""The model under test: checkpoint, images, preprocessing, golden and ONNX export."""
