"""`python -m facade`: finds the machine code first, for what is imported stays as it is."""

import sys

from facade.native import loader

if __name__ == "__main__":
    loader.use()
    from facade.commandline import main

    sys.exit(main())
