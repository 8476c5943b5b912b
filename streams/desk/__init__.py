"""The desk: where people read alerts, decide on them and are told; over the store's database."""
