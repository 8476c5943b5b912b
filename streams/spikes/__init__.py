"""Count spikes at the command line: reading, judging, scoring, writing and drawing."""
