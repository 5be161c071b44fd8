# A runner, or the API: `docker build -t faultline .`, then `docker run -v ./jobs:/app faultline run my_module:app`.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY runner runner
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[api]'

# The tests in SQL: a server, and pgTAP.
FROM postgres:18 AS pgtap
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-18-pgtap \
    && rm -rf /var/lib/apt/lists/*
USER postgres
ENTRYPOINT ["bash"]

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels 'faultline[api]' \
    && useradd --system --uid 10001 --no-create-home faultline \
    && install --directory --owner=faultline /run/faultline
USER faultline
# The modules with handlers are mounted or copied here.
WORKDIR /app
ENV PYTHONPATH=/app
STOPSIGNAL SIGTERM
ENTRYPOINT ["faultline"]
CMD ["--help"]
