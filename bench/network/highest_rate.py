"""The search for the highest rate at which a server is fast enough."""

import itertools

FIRST = 250.0  # acts per second
STEP = 1.25
# The machine has other users: a rate is too high if it was so this often.
TRIES = 3


def search(is_fast, first=FIRST):
    """The highest rate, or None if the server is too slow at the first.

    `is_fast(rate, whole)` tries a rate: for a short time, or, with `whole`, for as long as a round.
    The rate rises until it is too high. What was found in short tries has to pass a whole one, else the
    rate falls again, as short tries are luckier.
    """
    def passes(rate, whole):
        return any(is_fast(rate, whole) for _ in range(TRIES))

    passed = []
    for rate in (round(first * STEP**steps) for steps in itertools.count()):
        if not passes(rate, whole=False):
            break
        passed.append(rate)
    return next((rate for rate in reversed(passed) if passes(rate, whole=True)), None)
