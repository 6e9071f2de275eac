"""Trees to build in: an empty one, and one in which it was done."""

import pytest

from tests.unit.facade.native.tree import Tree


@pytest.fixture(scope="package")
def once(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Built once; to be copied, not to be changed."""
    tree = Tree.make(tmp_path_factory.mktemp("native") / "tree")
    assert tree.build() == (0, "")
    return tree


@pytest.fixture
def built(once: Tree, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A tree of this test's own, with machine code of its sources."""
    return once.copied(tmp_path_factory.mktemp("built") / "tree")


@pytest.fixture
def bare(once: Tree, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A tree of this test's own, without machine code of its sources."""
    tree = once.copied(tmp_path_factory.mktemp("bare") / "tree")
    tree.change(answer="bare")
    return tree
