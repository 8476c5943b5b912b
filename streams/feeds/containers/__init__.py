"""Files of every kind as tables of texts: opened by what they are, never by what they are called."""
