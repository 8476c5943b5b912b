"""Every command: what the list of commands says of it, an example, and how its tables are shown."""

from typing import Final, NamedTuple

_TRY: Final = "See what it does"
_FILES: Final = "Judge recorded files"
_MODELS: Final = "Trained models and other counts"
_SERVICE: Final = "Run it on Kafka"
_RULES: Final = "What it judges by"


class Place(NamedTuple):
    """Where a command stands, and what the list of commands says of it."""

    module: str
    """Of ``streams.cli``."""
    name: str
    """In that module."""
    panel: str
    help: str
    """First sentence of the command's own help; written here so that the list imports none of them."""


COMMANDS: Final = {
    "demo": Place(
        "demo",
        "demo",
        _TRY,
        "Simulate three years of a scaled-down country, replay it, and write the report.",
    ),
    "simulate": Place(
        "simulate",
        "simulate",
        _TRY,
        "Write a simulated country: labelled documents in arrival order, with schemes and look-alikes.",
    ),
    "evaluate": Place(
        "evaluate",
        "evaluate",
        _TRY,
        "Score alerts against the truth: who is accused, by class, detector, severity and budget.",
    ),
    "replay": Place("replay", "replay", _FILES, "Replay recorded streams and say what is found."),
    "explain": Place(
        "explain",
        "explain",
        _FILES,
        "Show one vehicle: timeline, sales, alerts, near misses, and refused documents that name it.",
    ),
    "schema": Place(
        "schema", "schema", _FILES, "Tell which fields documents have, and what each allows."
    ),
    "check": Place(
        "check",
        "check",
        _FILES,
        "Look at documents without judging them: coverage, unknown fields, refusals, numbers.",
    ),
    "ledger": Place("ledger", "app", _FILES, "Documents decoded once and kept."),
    "feed": Place("feed", "app", _FILES, "Make documents of any register's files."),
    "detectors": Place("detectors", "app", _RULES, "The catalogue of detectors."),
    "policy": Place("policy", "app", _RULES, "Thresholds and dated rules."),
    "backtest": Place(
        "backtest",
        "backtest",
        _RULES,
        "Say what another policy or model would change before anybody is told by it.",
    ),
    "rules": Place("rules", "app", _RULES, "Rules of your own, in a folder."),
    "shadow": Place("shadow", "app", _RULES, "Detectors on trial: what they say, and promotion."),
    "train": Place(
        "train",
        "train",
        _MODELS,
        "Train both forests on recorded streams or a ledger and write a model directory.",
    ),
    "model": Place("model", "app", _MODELS, "Trained isolation forests."),
    "spikes": Place("spikes", "spikes", _MODELS, "Find sudden spikes in counts by region and period."),
    "worker": Place(
        "worker",
        "worker",
        _SERVICE,
        "Judge documents from Kafka until stopped; start several to share the partitions.",
    ),
    "publish": Place(
        "publish",
        "publish",
        _SERVICE,
        "Publish recorded streams, each document on its topic under its VIN.",
    ),
    "sink": Place(
        "sink",
        "sink",
        _SERVICE,
        "Keep alerts, their history and evidence, and the documents in a database.",
    ),
    "desk": Place(
        "desk", "app", _SERVICE, "Serve pages and an API on which people read alerts and decide."
    ),
    "quality": Place(
        "quality", "quality", _SERVICE, "Say how good each detector is, from what people decided."
    ),
    "pack": Place("pack", "app", _SERVICE, "Hand a case over, and check one."),
    "log": Place("log", "app", _SERVICE, "Sign and check the log of everything that was stored."),
    "topics": Place("topics", "app", _SERVICE, "Make and check the topics on Kafka."),
    "doctor": Place(
        "doctor",
        "doctor",
        _SERVICE,
        "Look at configuration, broker, topics, workers and lag, and at the store of "
        "ZEROMILE_SINK_URL.",
    ),
    "settings": Place(
        "settings", "app", _SERVICE, "Show the settings of the worker, the store and the desk."
    ),
    "alerts": Place("alerts", "app", _SERVICE, "Read alerts from Kafka."),
    "vehicle": Place(
        "vehicle",
        "vehicle",
        _SERVICE,
        "Print a vehicle's documents and alerts as its worker holds them now, as JSON.",
    ),
    "dead-letters": Place(
        "dead_letters", "app", _SERVICE, "Look at refused documents and send them again."
    ),
    "watermarks": Place("watermarks", "app", _SERVICE, "How far each source has come, in event time."),
    "state": Place("state", "app", _SERVICE, "Look at what workers keep of vehicles, and mend it."),
}
"""Every command, in the order of the help."""

EXAMPLES: Final = {
    "demo": "zeromile demo --out demo",
    "simulate": "zeromile simulate --vehicles 3000 --out country.jsonl.gz --truth truth.jsonl.gz",
    "evaluate": "zeromile evaluate country.jsonl.gz --truth truth.jsonl.gz",
    "replay": "zeromile replay FILE --final firing.jsonl --report report.html",
    "schema": "zeromile schema --example > example.jsonl",
    "check": "zeromile check FILE",
    "ledger build": "zeromile ledger build FILE --out ledger",
    "feed list": "zeromile feed list",
    "feed show": "zeromile feed show cn-registry",
    "feed draft": "zeromile feed draft register.csv --out register.toml",
    "feed check": "zeromile feed check register.toml register.csv",
    "feed convert": "zeromile feed convert register.toml register.csv --out documents.jsonl",
    "explain": "zeromile explain FILE --vin VIN",
    "detectors list": "zeromile detectors list --format csv",
    "detectors show": "zeromile detectors show double_sale",
    "policy show": "zeromile policy show --config mine.toml",
    "backtest": "zeromile backtest FILE --b mine.toml --out backtest",
    "rules new": "zeromile rules new my_rule rules",
    "rules test": "zeromile rules test rules",
    "shadow report": "zeromile shadow report FILE --rules rules --out shadow.json",
    "shadow promote": "zeromile shadow promote quick_export --config mine.toml --report shadow.json",
    "train": "zeromile train FILE --out models/2026-11 --seed 1",
    "model show": "zeromile model show default",
    "model compare": "zeromile model compare models/2026-10 models/2026-11 FILE",
    "model drift": "zeromile model drift models/2026-11 FILE --metrics drift.prom",
    "model rollback": "zeromile model rollback models/2026-11",
    "spikes": "zeromile spikes counts.csv --method farrington --out alarms.csv",
    "worker": "zeromile worker --bootstrap 127.0.0.1:9092",
    "publish": "zeromile publish FILE --rate 2000",
    "sink": "zeromile sink --url sqlite:///zeromile.sqlite --from-file changes.jsonl",
    "desk": "zeromile desk --url sqlite:///zeromile.sqlite",
    "desk token": "zeromile desk token anna --role decide",
    "desk tokens": "zeromile desk tokens",
    "desk revoke": "zeromile desk revoke 1a2b3c4d",
    "desk webhook": "zeromile desk webhook https://example.org/alerts --severity critical",
    "desk digest": "zeromile desk digest anna@example.org --at 08:00",
    "desk webhooks": "zeromile desk webhooks",
    "desk unhook": "zeromile desk unhook 1a2b3c4d",
    "desk retry": "zeromile desk retry 1a2b3c4d",
    "quality": "zeromile quality --url sqlite:///zeromile.sqlite --by severity",
    "pack export": "zeromile pack export --province CN-GD --detector double_sale --out case",
    "pack verify": "zeromile pack verify case",
    "log check": "zeromile log check --checkpoint KEPT --signers SIGNERS",
    "log checkpoint": "zeromile log checkpoint --key log-key --out checkpoints",
    "topics apply": "zeromile topics apply",
    "topics check": "zeromile topics check",
    "doctor": "zeromile doctor",
    "settings show": "zeromile settings show",
    "alerts list": "zeromile alerts list --severity critical",
    "alerts tail": "zeromile alerts tail --detector double_sale --json",
    "vehicle": "zeromile vehicle VIN",
    "dead-letters list": "zeromile dead-letters list --reason wrong_key",
    "dead-letters show": "zeromile dead-letters show zeromile.dead-letters.v1/0/17",
    "dead-letters redrive": "zeromile dead-letters redrive --reason wrong_key --rekey",
    "watermarks show": "zeromile watermarks show",
    "watermarks lower": "zeromile watermarks lower registration register-gd --to 2026-10-31",
    "state show": "zeromile state show VIN",
    "state export": "zeromile state export --out state.jsonl",
    "state drop": "zeromile state drop VIN --yes",
    "state forget": "zeromile state forget --before 2020-01-01",
}
"""A line to try, under the help of every command."""


WITH_TABLES: Final = {
    *(
        "demo",
        "simulate",
        "evaluate",
        "replay",
        "explain",
        "train",
        "settings",
        "backtest",
        "spikes",
        "schema",
        "check",
        "quality",
    ),
    *(
        "shadow report",
        "detectors list",
        "detectors show",
        "model show",
        "model compare",
        "model drift",
    ),
    *(
        "alerts list",
        "dead-letters list",
        "watermarks show",
        "feed list",
        "feed check",
        "desk tokens",
        "desk webhooks",
    ),
}
"""Commands whose tables can be had in another format."""
