# Two images of the page: `onnxruntime`, which holds one runtime and no converter, and `full`; and one of the main job, `race`.
#
#   docker build --target onnxruntime --build-arg PIP_EXTRA_INDEX_URL=... -t runoff-page .
#   docker run --rm -p 8000:8000 runoff-page
#
#   docker build --target race --build-arg PIP_EXTRA_INDEX_URL=... -t runoff .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" runoff race
#
# PIP_EXTRA_INDEX_URL: the address of PyTorch's wheels for CPUs, as its installation page gives it. Without it pip takes
# the default wheels, which bring CUDA: gigabytes that nothing here uses. `full` and `race` keep PyTorch.
# MODEL and WEIGHTS: what the small image serves, a classifier of TorchVision's with its own or random weights. `full` is
# started for another one by a command of its own: python -m webui --host 0.0.0.0 --model NAME --weights WEIGHTS
# EXTRAS: what the image of the main job races; suite,pytorch,onnxruntime,onnx leaves TensorFlow out, half of its size.

FROM python:3.11.13-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home runoff && python -m venv /opt/venv
COPY pyproject.toml README.md conftest.py pytest.ini ./
COPY benchmarks benchmarks
COPY fixtures fixtures
COPY runoff runoff
COPY webui webui

# Converts the model; nothing of this stage but the converted model is kept.
FROM base AS converted
ARG PIP_EXTRA_INDEX_URL=""
ARG MODEL=resnet18
ARG WEIGHTS=auto
RUN pip install -c webui/constraints.txt ".[onnxruntime,pytorch,onnx,web]" \
    && python -m webui --contenders onnxruntime --model "$MODEL" --weights "$WEIGHTS" prepare /opt/prepared

FROM base AS serving
RUN mkdir .runoff && chown 10001 .runoff
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10m \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

# All default runtimes; converts at its first start, into /app/.runoff (a volume keeps that).
FROM serving AS full
ARG PIP_EXTRA_INDEX_URL=""
RUN pip install -c webui/constraints.txt ".[compare,openvino,web]"
USER 10001
CMD ["python", "-m", "webui", "--host", "0.0.0.0"]

# The main job, in the folder that is mounted at /work; what it converts is kept where a volume is mounted at /cache.
FROM base AS race
ARG PIP_EXTRA_INDEX_URL=""
ARG EXTRAS=compare
RUN pip install -c webui/constraints.txt ".[$EXTRAS]" && mkdir /work && mkdir -m 1777 /cache && chown 10001 /work
ENV RUNOFF_HOME=/cache
WORKDIR /work
USER 10001
ENTRYPOINT ["runoff"]
CMD ["race"]

FROM serving AS onnxruntime
RUN pip install -c webui/constraints.txt ".[onnxruntime,web]"
COPY --from=converted /opt/prepared /opt/prepared
USER 10001
CMD ["python", "-m", "webui", "--host", "0.0.0.0", "--contenders", "onnxruntime", "--prepared", "/opt/prepared"]
