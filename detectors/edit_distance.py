"""How many keystrokes lie between two identities."""


def edit_distance(one: str, other: str) -> int:
    """Levenshtein distance: insertions, deletions and substitutions.

    References
    ----------
    Wagner and Fischer, "The string-to-string correction problem", 1974.

    >>> edit_distance("A12345", "A12354")
    2
    """
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            diagonal, row[j] = (
                row[j],
                min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right)),
            )
    return row[-1]
