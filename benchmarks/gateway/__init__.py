"""The facade against what people would pick instead: nginx, Envoy and Express, in front of one upstream, in one run."""
