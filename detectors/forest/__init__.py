"""The isolation forest: life-cycle features, training, scoring, explanation."""
