"""Count spikes at the command line: reading, judging, scoring, writing and drawing.

`farrington` (with `quasi_poisson`), `ears` and `trailing` are methods of public health; only this
command and the benchmarks compare with them.
"""
