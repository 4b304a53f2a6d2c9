# The routing sidecar. Build context: the root of the repository.
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
COPY serving/process_group /app/process_group
COPY serving/endpoint_router /app/endpoint_router
COPY serving/compile_modules.py /tmp/compile_modules.py
RUN /opt/compile/bin/python3 /tmp/compile_modules.py /app

FROM ${PYTHON_IMAGE}

# Dependencies before code: this layer changes with the lock file only. pip goes away again, since the image never
# installs anything later.
COPY .locks/router.txt /tmp/requirements.txt
RUN python3 -m venv /opt/pointsman \
 && /opt/pointsman/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.txt \
 && /opt/pointsman/bin/pip uninstall --yes --quiet setuptools pip \
 && printf '%s\n' '#!/opt/pointsman/bin/python3' 'import sys' 'from endpoint_router.__main__ import main' 'sys.exit(main())' \
      > /opt/pointsman/bin/endpoint-router \
 && chmod 755 /opt/pointsman/bin/endpoint-router \
 && rm /tmp/requirements.txt

COPY --from=compiled /app /app
# To bytecode here, because the container's root file system is read-only.
RUN /opt/pointsman/bin/python3 -m compileall -q /app

ENV PATH=/opt/pointsman/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532
EXPOSE 8000 8001
# Exec form: the router is process 1, which is where the preStop hook sends its signal.
ENTRYPOINT ["endpoint-router"]
