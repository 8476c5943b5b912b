"""The arrays say of every document that comes again how it came first."""

from random import Random

import pytest

from streams.parallel import identities
from streams.parallel.identities import First, FirstSeen


@pytest.mark.parametrize("seed", range(4))
def test_against_a_dictionary(monkeypatch, seed):
    monkeypatch.setattr(identities, "_FEWEST_SLOTS", 8)
    dice = Random(seed)
    # Many keys fall on the same slot; zero is a key like any other.
    pool = [dice.randint(-(2**40), 2**40) << dice.choice((0, 20)) for _ in range(3_000)] + [0]
    seen, expected = FirstSeen(), {}
    for _ in range(60):
        keys = [dice.choice(pool) for _ in range(dice.randint(0, 200))]
        revisions = [dice.choice((0, 0, 0, 3)) for _ in keys]
        vins = [dice.choice("AB") * dice.choice((1, 16, 17, 17, 18, 40)) for _ in keys]
        again = []
        for place, (key, revision, vin) in enumerate(zip(keys, revisions, vins, strict=True)):
            if key in expected:
                again.append((place, expected[key]))
            else:
                expected[key] = First(revision, vin)
        assert list(seen.again(keys, revisions, vins)) == again
        assert len(seen) == len(expected)
