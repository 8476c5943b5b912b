"""What others can check without trusting us: a transparency log, signed checkpoints, packs."""
