# The init container that brings a variant's model. Build context: the root of the repository.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}

# Dependencies before code: this layer changes with the lock file only. pip goes away again, since the image never
# installs anything later.
COPY .locks/loader.txt /tmp/requirements.txt
RUN python3 -m venv /opt/pointsman \
 && /opt/pointsman/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.txt \
 && /opt/pointsman/bin/pip uninstall --yes --quiet setuptools pip \
 && printf '%s\n' '#!/opt/pointsman/bin/python3' 'import sys' 'from model_loader.__main__ import main' 'sys.exit(main())' \
      > /opt/pointsman/bin/model-loader \
 && chmod 755 /opt/pointsman/bin/model-loader \
 && rm /tmp/requirements.txt

COPY serving/endpoint_contract /app/endpoint_contract
COPY serving/model_loader /app/model_loader
# Compiled here, because the container's root file system is read-only.
RUN /opt/pointsman/bin/python3 -m compileall -q /app

ENV PATH=/opt/pointsman/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532
# Exec form: the loader is process 1 and ends at once when the pod is deleted.
ENTRYPOINT ["model-loader"]
