"""The entrance: every request of the outside world goes through here, to the side that its context's phase names."""
