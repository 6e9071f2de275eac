"""`python -m migrations_tools.platform stop|destroy`: stop the platform and its embedded servers; `destroy`
deletes their files too.

Beside `manage.py down` for `make clean`: it needs no settings, which would start the servers first.
"""

import sys

from chassis import env
from chassis.embedded.installed import stop
from migrations_tools.platform.stopping import stop_platform

if __name__ == "__main__":
    if sys.argv[1:] not in (["stop"], ["destroy"]):
        sys.exit(__doc__)
    if pid := stop_platform(env.platform_record()):
        print(f"stopped the platform (process {pid})")
    for name in stop(env.var_dir(), destroy=sys.argv[1] == "destroy"):
        print(f"stopped {name}")
