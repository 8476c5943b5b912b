"""Sudden spikes in provincial export counts.

What a caller needs:

- `tally.Export` is what one exported vehicle contributes; `tally.moves(before, after)` says how
  an amendment, a void or a duplicate moves the counts; `tally.ProvinceState.add(export, sign)`
  applies it to the state of one province (a msgspec struct: weekly totals, lags of recording, and
  who exported what whereto).
- `watch.SpikeWatch(provinces).report(tallies, today)` judges all provinces and the nation up to
  the civil day `today` and returns counts, expectations, bounds and findings. It is a pure
  function of the tallies and of `today`; what the watch keeps between calls is a cache and never
  changes the answer. A weekly finding may appear mid-week and disappear when a void takes the
  counts back.
- `findings.SpikeFinding` carries `detector`, `first_day` (its anchor), `severity`, `score`,
  `facts()` and `explanation()`.
- `delay.delay_drift` and `monitor.calibration` are in the report too: a source that became
  slower, and p-values that stopped meaning what they say.

How it judges: `calendar` (regressors), `filter` (one streaming state-space filter a series),
`speeds` (a slow and a fast one, weighted by likelihood), `spread` (how far counts really stray),
`trend` (the same of peers, who stray alike), `falls` (the level before a fall), `common` (what the
rest of the nation does), `scan` (two weeks together), `detector` (all of these, one period at a
time), `panel` (a whole table at once),
`settled` (again and again as counts change), `discovery` (false discoveries
across provinces), `episodes` (spike, level shift, start), `attribution`, `causes`. The methods that
it is compared with stand in `streams.spikes`; all of them return `scores.Scores`.
"""
