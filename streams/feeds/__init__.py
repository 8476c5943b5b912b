"""From files of any register to documents."""
