"""Distributed tracing: which requests are sampled, and the spans that they leave.

Nothing of it exists without a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`); a request that is not sampled pays for one comparison.
"""
