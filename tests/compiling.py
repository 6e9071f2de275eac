"""For tests that compile C."""

import pytest

from facade.native.build import compiler

needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C compiler: apt-get install gcc")
