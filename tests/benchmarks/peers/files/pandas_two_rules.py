"""The two rules in pandas, over JSON Lines, as an analyst would write it: `FILE OUT`, CSV."""

import sys

import pandas as pd

file, out = sys.argv[1:]
documents = pd.read_json(file, lines=True, dtype=False, convert_dates=False)
documents = documents[documents["event_type"] != "deregistration"].drop_duplicates("event_id")
documents["day"] = pd.to_datetime(documents["occurred_at"])
documents["owner"] = documents["exporter_id"].fillna(documents["owner_id"])
ranks = {"initial": 0, "transfer": 1, "pending_export": 2}
documents["rank"] = documents["kind"].map(ranks).fillna(3)
documents = documents.sort_values(["vin", "day", "rank", "owner"])

changed = documents[documents["owner"] != documents.groupby("vin")["owner"].shift()]
apart = changed.groupby("vin")["day"].diff().dt.days
sold = changed.loc[apart <= 6, "vin"].unique()

born = documents[documents["rank"] == 0].groupby("vin")["day"].min().rename("born")
abroad = documents[documents["rank"] >= 2].join(born, on="vin")
abroad = abroad[abroad["day"] >= abroad["born"]].groupby("vin").agg({"day": "min", "born": "first"})
flash = abroad.index[(abroad["day"] - abroad["born"]).dt.days <= 7]

rules = [(sold, "double_sale"), (flash, "flash_registration")]
found = pd.concat([pd.DataFrame({"vin": vins, "rule": rule}) for vins, rule in rules])
found.to_csv(out, index=False)
