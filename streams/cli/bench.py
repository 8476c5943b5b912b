"""`zeromile bench`: the measurements behind the figures."""

import typer

from streams.cli.bench_forest import forest

app = typer.Typer(no_args_is_help=True, help="Measure the detectors.")
app.command("forest")(forest)


@app.callback()
def main() -> None:
    """Measure the detectors on simulations with known truth."""
