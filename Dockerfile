# One image for every process of the platform; docker-compose.yml says which one a container runs.
FROM python:3.11-slim

RUN pip install --no-cache-dir uv && useradd --create-home --uid 10001 banyan
WORKDIR /app
COPY . .
# The compiler and what drives it are gone from the image that runs.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && uv sync --frozen --all-packages --no-dev --group native && .venv/bin/python -m facade.native.build \
    && uv sync --frozen --all-packages --no-dev --no-group native --compile-bytecode \
    && apt-get purge --yes --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/* && mkdir var && chown banyan var

ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER banyan
CMD ["python", "manage.py", "up"]
