"""The processes that make up Banyan on one machine, and how they are started together.

    with Platform(local_surroundings()) as platform:
        platform.wait_ready(15)
        platform.urls["facade"]; platform.pids(); platform.kill("relay")

`manage.py up`, the demo and the tests start the same thing. Refuses to run twice on one `var/`.
"""

from migrations_tools.platform.running import AlreadyRunningError, Platform
from migrations_tools.platform.surroundings import Surroundings, local_surroundings
from migrations_tools.platform.table import NAMES

__all__ = ["NAMES", "AlreadyRunningError", "Platform", "Surroundings", "local_surroundings"]
