"""Small words for explanations."""


def count(number: float, noun: str) -> str:
    """Say a number of things.

    >>> count(1, "day"), count(1200, "day")
    ('1 day', '1,200 days')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
