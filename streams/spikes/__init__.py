"""Count spikes at the command line: reading counts, judging them, scoring labels, writing and drawing."""
