"""Gather the commands of administration and of the local cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from leanpix.services.administration import AdministrationError
from leanpix_cli import account, cost, deploy, doctor, jobs, key, stage
from leanpix_cli.console import AsJson, CommandError
from leanpix_local.errors import LocalCloudError

USER_ERRORS = (CommandError, AdministrationError, LocalCloudError)

app = typer.Typer(
    help="Smaller images at the same visual quality, in your own AWS account.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(account.app, name="account")
app.add_typer(key.app, name="key")
app.add_typer(jobs.app, name="jobs")
app.add_typer(stage.app, name="stage")
app.command()(jobs.redrive)
app.command()(doctor.doctor)
app.command()(deploy.deploy)
app.command()(cost.cost)


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8080,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what an earlier run kept.")
    ] = False,
) -> None:
    """Run the local cloud in the foreground, until Ctrl-C."""
    from leanpix_cli.serve import serve as run  # noqa: PLC0415 - loads only what the command needs

    raise typer.Exit(run(port=port, fresh=fresh))


@app.command()
def demo() -> None:
    """Send real photos through the local cloud, by file and by URL, and show the savings."""
    from leanpix_cli.demo import demo as run  # noqa: PLC0415 - loads only what the command needs

    raise typer.Exit(run())


@app.command()
def chaos(
    *,
    submits: Annotated[int, typer.Option(min=1, help="Images to submit.")] = 300,
    clients: Annotated[int, typer.Option(min=1, help="Clients that do so at the same time.")] = 16,
    kills: Annotated[int, typer.Option(min=0, help="Optimizer processes to kill.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Kill optimizers under load on a local cloud, then audit that nothing was lost."""
    from leanpix_cli import chaos as command  # noqa: PLC0415 - loads only what the command needs

    plan = command.Plan(submits=submits, clients=clients, kills=kills)
    raise typer.Exit(command.chaos(plan=plan, as_json=as_json))


@app.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def optimize(context: typer.Context) -> None:
    """Make images smaller: files, folders, repositories."""
    from leanpix_cli.optimize.command import main as run  # noqa: PLC0415 - loads only what it needs

    raise typer.Exit(run(context.args))


@app.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def config(context: typer.Context) -> None:
    """Show the settings of `leanpix optimize` that hold here, and where from."""
    from leanpix_cli.optimize.command import show_config  # noqa: PLC0415 - loads only what it needs

    raise typer.Exit(show_config(context.args))
