"""The families: one file each, one lecture page each. Names are found in `likely.names`; no family imports another."""
