r"""Oscillation: players that chase one another around the point where they should rest.

    S(f) = |FFT of w (loss - trend)|^2,   share = sum of S at the peak / sum of S                                    (1)

with a quadratic trend, Hann's window w, and the two frequencies on either side of a peak counted to it, where the
window spreads it. Noise has its power everywhere, and what wanders has the more of it the slower it is: a cycle is a
peak with half of all power that stands out from what lies on both of its sides, the slower one too. None is looked for
below six periods a record. A cycle that is small beside the loss itself is let be.
"""

from typing import Any

import numpy as np

from likely.doctor.finding import Finding
from likely.doctor.health import Health, Reading
from likely.doctor.record import Record

Array = np.ndarray[Any, Any]
NAME = "oscillation"
WARM = 0.2  # of the reports, left out: a game takes its time to begin
FEWEST = 40  # reports after that
PERIODS = 6  # in the record, at least
BESIDE, FLANK = 2, 5  # frequencies on either side that Hann's window spreads a peak over; to which it is compared
OUT = 20.0  # times as high as these
SHARE = 0.5  # of the power, in the peak
LARGE = 0.05  # of the loss's usual size, that a cycle goes up and down
REMEDY = (
    "a steeper price on the critic's slope (--game Relativistic --game.penalty.real 0.2 --game.penalty.fake 0.2), "
    "lower rates (--rate, --critic-rate), or no momentum (--momentum 0); averaged weights rest where the players do not"
)


def oscillation(record: Record) -> Health:
    """The strongest cycle in each player's losses, where some play against a critic."""
    if not record.game:
        return Health()
    first = int(WARM * len(record.steps))
    reports = len(record.steps) - first
    if reports < FEWEST:
        return Health(left_out=(f"oscillation: {reports} reports after the first fifth are too few ({FEWEST} wanted)",))
    looks = [_of(player, record.losses_of(player)[first:], _apart(record)) for player in record.players]
    return sum(looks, Health())


def _apart(record: Record) -> float:
    """Steps between two reports."""
    return float(np.median(np.diff(record.steps)))


def _of(player: str, losses: Array, apart: float) -> Health:
    share, period, amplitude = cycle(losses)
    name, told = f"cycle of the {player}'s loss", f"{len(losses)} reports, {apart:g} steps apart"
    reading = Reading(name, share, share, share, told, f"below {SHARE:g} of the power in one peak")
    usual = float(np.nanmedian(np.abs(losses)))
    if share < SHARE or amplitude < LARGE * usual:
        return Health(readings=(reading,))
    seen = (
        f"{share:.0%} of the power of the {player}'s loss is in one peak of its spectrum: it goes up and down by "
        f"{amplitude:.2g} every {period * apart:.0f} steps"
    )
    return Health((Finding(f"{NAME} of the {player}", seen, REMEDY),), (reading,))


def cycle(losses: Array) -> tuple[float, float, float]:
    """Of the strongest peak that stands out: its share of the power, its period in reports, and its amplitude."""
    there, at = np.isfinite(losses), np.arange(len(losses))
    if there.sum() < FEWEST or np.ptp(losses[there]) == 0:
        return 0.0, np.inf, 0.0
    whole = np.interp(at, at[there], losses[there])
    window = np.hanning(len(whole))
    rest = whole - np.polyval(np.polyfit(at, whole, 2), at)
    power = np.abs(np.fft.rfft(window * rest))[1:] ** 2  # (1), from one period a record
    peak = PERIODS - 1 + int(power[PERIODS - 1 :].argmax())
    near = np.arange(max(0, peak - BESIDE), min(len(power), peak + BESIDE + 1))
    here, total = float(power[near].sum()), float(power.sum())
    if total == 0:
        return 0.0, np.inf, 0.0
    flanks = [power[max(0, peak - FLANK) : peak - BESIDE], power[peak + BESIDE + 1 : peak + FLANK + 1]]
    if any(len(flank) and power[peak] < OUT * flank.mean() for flank in flanks):
        return 0.0, np.inf, 0.0
    periods = 1 + float((near * power[near]).sum()) / here  # between two frequencies: where the power lies
    amplitude = 2 * (here / len(whole) / float((window**2).sum())) ** 0.5  # Parseval
    return here / total, len(whole) / periods, amplitude
