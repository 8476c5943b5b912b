"""What every program is set up with: policy file, identity key, clock, garbage collector."""
