"""The route table and the policies, compiled for other gateways: an Envoy bootstrap, manifests of the Kubernetes Gateway API.

An export is a picture of one moment. What the other gateway cannot do is named beside it, never left out in silence.
"""
