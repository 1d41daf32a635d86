"""The `floorwatch` command."""

import os
import sys
from typing import Annotated

import redis
import typer

from services.cli import (
    accounts,
    adherence,
    alerts,
    channels,
    feed_commands,
    journal,
    launcher,
    moves,
    plans,
    prove,
    rules,
    running,
    scene,
    sign_in,
    what_if,
)
from services.cli import demo as demo_feeds
from services.cli import doctor as findings
from services.cli.console import fail, out
from services.cli.settings import LauncherSettings
from services.contracts.people import Role
from services.runtime.settings import load

cli = typer.Typer(
    help="Watch call-centre floors live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

OpenBrowser = Annotated[bool, typer.Option("--open", help="Open the wall in the browser.")]


@cli.command()
def up(*, open_browser: OpenBrowser = False) -> None:
    """Start Kafka, Redis and the four services, and stay until Ctrl-C.

    A Kafka or Redis of yours is used instead if KAFKA_BOOTSTRAP_SERVERS or REDIS_URL names it. Ports are chosen with
    FLOORWATCH_API_PORT, FLOORWATCH_INGEST_PORT, FLOORWATCH_METRICS_PORT, FLOORWATCH_ALERTS_PORT, FLOORWATCH_KAFKA_PORT
    and FLOORWATCH_REDIS_PORT; state and logs lie in FLOORWATCH_STATE_DIR (.floorwatch).
    """
    raise typer.Exit(launcher.run(load(LauncherSettings), command="up", open_browser=open_browser))


@cli.command()
def demo(
    *,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="Times real time.")] = demo_feeds.SPEED,
    from_: Annotated[
        str, typer.Option("--from", metavar="LOCAL TIME", help="Where January 1999 begins, by the bank's clock.")
    ] = demo_feeds.BEGIN,
    open_browser: OpenBrowser = False,
) -> None:
    """The same as `up`, with a floor to look at: a bank's January 1999 beside simulated centres.

    The bank's calls are those of the "Anonymous Bank" data (I. Guedj and A. Mandelbaum, Technion). A demo that was
    stopped goes on where it was; another --from begins anew.
    """
    try:
        feeds = demo_feeds.feeds(begin=from_, speed=speed)
    except ValueError:
        fail(f"--from {from_!r} is not a local day or time such as '1999-01-04 09:00'")
        raise typer.Exit(2) from None
    os.environ.setdefault("FLOORWATCH_PLANS_FILE", str(demo_feeds.PLANS))
    raise typer.Exit(launcher.run(load(LauncherSettings), command="demo", open_browser=open_browser, feeds=feeds))


@cli.command()
def link(
    role: Annotated[Role, typer.Option(help="What the link lets a person do.")] = "supervisor",
) -> None:
    """Print a new one-time sign-in link for the wall that runs."""
    found = running.find(load(LauncherSettings).state_dir.absolute())
    if not found:
        fail("no Floorwatch runs on this state folder: start it with `floorwatch up`")
        raise typer.Exit(1)
    names = found.environment
    try:
        address = sign_in.link(
            redis_url=names["REDIS_URL"], namespace=names["FLOORWATCH_NAMESPACE"], wall=found.wall, role=role
        )
    except redis.RedisError as error:
        fail(f"Redis at {names['REDIS_URL']} does not take the link: {error}")
        raise typer.Exit(1) from None
    out.print(address)


@cli.command()
def doctor() -> None:
    """Look at every part and say what is well and what is not, one line a finding. Fails if anything is not."""
    raise typer.Exit(findings.run(load(LauncherSettings)))


cli.command()(prove.prove)
for name, group in (
    ("rules", rules.cli), ("alerts", alerts.cli), ("adherence", adherence.cli),
    ("plans", plans.cli), ("moves", moves.cli),
    ("accounts", accounts.cli), ("keys", accounts.keys), ("devices", accounts.devices),
    ("channels", channels.cli),
):  # fmt: skip
    cli.add_typer(group, name=name)
cli.command()(journal.journal)
cli.command()(scene.scene)
cli.command("what-if")(what_if.what_if)
cli.command()(channels.deliveries)
feed_commands.register(cli)


def main() -> None:
    """Run the command; nobody wants a traceback for a Ctrl-C."""
    try:
        cli()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
