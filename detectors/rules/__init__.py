"""The rules, one file each: what a customs officer would check, said once."""
