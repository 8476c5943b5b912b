"""What all tests share."""

import os

# Tables and error boxes wrap at the width of the terminal; tests read them at a fixed, wide one.
os.environ["COLUMNS"] = "200"
