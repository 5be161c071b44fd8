# A runner: `docker build -t faultline .`, then `docker run -v ./jobs:/app faultline run my_module:app`.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY runner runner
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels faultline \
    && useradd --system --uid 10001 --no-create-home faultline
USER faultline
# The modules with handlers are mounted or copied here.
WORKDIR /app
ENV PYTHONPATH=/app
STOPSIGNAL SIGTERM
ENTRYPOINT ["faultline"]
CMD ["--help"]
