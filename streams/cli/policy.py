"""`zeromile policy`: the thresholds and dated rules in force."""

from __future__ import annotations

import typer

from detectors.errors import ZeromileError
from streams.cli.console import fail
from streams.cli.replay import Config, Rules

app = typer.Typer(no_args_is_help=True, help="Thresholds and dated rules.")


@app.command("show")
def show_policy(*, config: Config = None, rules: Rules = None) -> None:
    """Print the policy as TOML: the shipped text, or with --config or --rules the merged values."""
    import tomlkit

    from streams.setup.policy import load_policy, shipped_policy_text

    try:
        policy = load_policy(config, rules=rules)
    except ZeromileError as error:
        fail(str(error))
    typer.echo(shipped_policy_text() if config is rules is None else tomlkit.dumps(policy.tables))
