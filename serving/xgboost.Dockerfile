# The XGBoost model server. Build context: the root of the repository.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
# The same Python with its headers and a C compiler.
ARG COMPILER_IMAGE=python:3.11-bookworm

# What every request runs through, compiled. Of this stage only the folder of modules gets any further.
FROM ${COMPILER_IMAGE} AS compiled
COPY .locks/compile.txt /tmp/requirements.txt
RUN python3 -m venv /opt/compile \
 && /opt/compile/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.txt
COPY serving/endpoint_contract /app/endpoint_contract
COPY serving/http_protocol /app/http_protocol
COPY serving/compile_modules.py /tmp/compile_modules.py
RUN /opt/compile/bin/python3 /tmp/compile_modules.py /app

FROM ${PYTHON_IMAGE}

# Which XGBoost serves: a version that .locks/ has a file for. Its wheel brings its own OpenMP library, so that the
# base image needs none.
ARG XGBOOST_VERSION=3.2.0

# Dependencies before code: this layer changes with the lock file only. pip goes away again, since the image never
# installs anything later; so do the tests that numpy and scipy bring, a third of their size.
COPY .locks/xgboost-${XGBOOST_VERSION}.txt /tmp/requirements.txt
RUN python3 -m venv /opt/pointsman \
 && /opt/pointsman/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.txt \
 && /opt/pointsman/bin/pip uninstall --yes --quiet setuptools pip \
 && find /opt/pointsman -type d -name tests -prune -exec rm -rf {} + \
 && printf '%s\n' '#!/opt/pointsman/bin/python3' 'import sys' 'from xgboost_server.__main__ import main' 'sys.exit(main())' \
      > /opt/pointsman/bin/xgboost-server \
 && chmod 755 /opt/pointsman/bin/xgboost-server \
 && rm /tmp/requirements.txt

COPY --from=compiled /app /app
COPY serving/process_group /app/process_group
COPY serving/xgboost_server /app/xgboost_server
# To bytecode here, because the container's root file system is read-only.
RUN /opt/pointsman/bin/python3 -m compileall -q /app

ENV PATH=/opt/pointsman/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
LABEL dev.pointsman.xgboost-version=${XGBOOST_VERSION}
USER 65532
EXPOSE 8080
# Exec form: the server is process 1 and gets SIGTERM itself. SageMaker's argument `serve` is accepted.
ENTRYPOINT ["xgboost-server"]
