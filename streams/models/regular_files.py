"""Files of a model directory, whatever somebody has put there under their names."""

import os
import stat
from errno import EFBIG, EINVAL
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """Read a regular file of limited size; a pipe is not waited for, a device not read.

    Raises
    ------
    OSError
        There is none, or it is something else, or larger.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, "it is no regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(EFBIG, f"it is larger than {most} bytes")
    return data
