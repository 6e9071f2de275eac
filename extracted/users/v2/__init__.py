"""The API v2: the service's own shapes. Versions travel as ETags, and a change can be made dependent on one (`If-Match`)."""
