"""Idle codes: most of the choices that a code can be stand in no row, and their law has to learn to leave them out."""

from torch import Tensor

from likely.doctor.finding import Finding

SHARE = 0.5  # of the choices, in no row
ENOUGH = 5  # cells of codes a choice, with fewer of which one that stands in none may yet be of use
NAME = "idle codes"


def idle(codes: Tensor, choices: int) -> Finding | None:
    """A finding where most of the choices stand in none of these codes (B, ...), and these are many."""
    lying = choices - len(codes.unique())
    if codes.numel() < ENOUGH * choices or lying <= SHARE * choices:
        return None
    return Finding(
        NAME,
        f"{lying:,} of {choices:,} codes stand in none of {len(codes):,} held-out rows",
        "fewer codes (levels=(5,5,5), size=64) say as much and have a law that is easier to learn; for a Codebook also "
        "a shorter memory (memory=0.9), so that new starts come sooner",
    )
