"""Small words for explanations."""


def count(number: float, noun: str) -> str:
    """Say a number of things.

    >>> count(1, "day"), count(1200, "day")
    ('1 day', '1,200 days')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def days_later(days: int) -> str:
    """Say how long after another day a day is.

    >>> days_later(0), days_later(1), days_later(30)
    ('on the same day', '1 day later', '30 days later')
    """
    return f"{count(days, 'day')} later" if days else "on the same day"
