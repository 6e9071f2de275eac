"""What would become of one request, told decision by decision: at a terminal from what is on disk, by a worker from what it
knows.

It changes nothing of what it works on.
"""
