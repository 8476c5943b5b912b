"""The two rules in Polars, over JSON Lines: `FILE OUT`; writes vehicle and rule as CSV."""

import sys

import polars as pl

file, out = sys.argv[1:]
TEXTS = ("event_id", "event_type", "vin", "occurred_at", "kind", "owner_id", "exporter_id")
documents = (
    pl.scan_ndjson(file, schema=dict.fromkeys(TEXTS, pl.String))
    .filter(pl.col("event_type") != "deregistration")
    .select(
        "event_id",
        "vin",
        pl.col("occurred_at").str.to_date().alias("day"),
        pl.coalesce("exporter_id", "owner_id").alias("owner"),
        pl.when(pl.col("event_type") == "customs_export")
        .then(3)
        .when(pl.col("kind") == "pending_export")
        .then(2)
        .when(pl.col("kind") == "transfer")
        .then(1)
        .otherwise(0)
        .alias("rank"),
    )
    .unique("event_id")
    .sort("vin", "day", "rank", "owner")
    .collect()
    .lazy()
)
apart = (pl.col("day") - pl.col("day").shift().over("vin")).dt.total_days()
sold = (
    documents.filter(pl.col("owner").ne_missing(pl.col("owner").shift().over("vin")))
    .filter(apart <= 6)
    .select("vin")
    .unique()
    .with_columns(rule=pl.lit("double_sale"))
)
registered = (
    documents.filter(pl.col("rank") == 0).group_by("vin").agg(pl.col("day").min().alias("born"))
)
flash = (
    documents.filter(pl.col("rank") >= 2)
    .join(registered, on="vin")
    .filter(pl.col("day") >= pl.col("born"))
    .group_by("vin")
    .agg((pl.col("day").min() - pl.col("born").first()).dt.total_days().alias("days"))
    .filter(pl.col("days") <= 7)
    .select("vin", rule=pl.lit("flash_registration"))
)
pl.concat([sold, flash]).collect().write_csv(out)
