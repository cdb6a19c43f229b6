"""The laws, public: what every family must obey, run by promise over families x spaces x conditions.

    from likely.testing import check
    for verdict in check(MyFamily()):
        print(verdict)

A law passes, fails with what it saw, is refused by the family with a reason, or does not apply to what is promised.
"""

from likely.testing import estimates, laws
from likely.testing.case import CONDITIONS, SPACES, Case
from likely.testing.law import LAWS, Verdict, check, verdict

__all__ = ["CONDITIONS", "LAWS", "SPACES", "Case", "Verdict", "check", "estimates", "laws", "verdict"]
