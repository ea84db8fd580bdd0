"""The search for the highest rate at which a server is fast enough."""

import itertools

FIRST = 250.0  # acts per second
STEP = 1.25
# The machine has other users, so a rate is tried up to this often.
TRIES = 3


def search(is_fast, first=FIRST):
    """The highest rate, or None if the server is too slow at the first.

    `is_fast(rate, whole)` tries a rate: for a short time, or, with `whole`, for as long as a round.
    The rate rises while one of its short tries passes. Then it falls until most of its whole ones do, as
    the median of the rounds will be looked at.
    """
    def passes(rate, whole, needed):
        passed = failed = 0
        while passed < needed and failed <= TRIES - needed:
            if is_fast(rate, whole):
                passed += 1
            else:
                failed += 1
        return passed == needed

    rates = []
    for rate in (round(first * STEP**steps) for steps in itertools.count()):
        if not passes(rate, whole=False, needed=1):
            break
        rates.append(rate)
    return next((rate for rate in reversed(rates) if passes(rate, True, TRIES // 2 + 1)), None)
