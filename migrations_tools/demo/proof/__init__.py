"""The proof: what the databases hold, set against what was acknowledged. Its SQL is its own, not the copier's."""

from migrations_tools.demo.proof.check import Proof, Verdict
from migrations_tools.demo.proof.finding import Finding

__all__ = ["Finding", "Proof", "Verdict"]
