# One image for every process of the platform; docker-compose.yml says which one a container runs.
FROM python:3.11-slim

RUN pip install --no-cache-dir uv && useradd --create-home --uid 10001 banyan
WORKDIR /app
COPY . .
RUN uv sync --frozen --all-packages --no-dev --compile-bytecode && mkdir var && chown banyan var

ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER banyan
CMD ["python", "manage.py", "up"]
