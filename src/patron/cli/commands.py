"""The commands. Each reads its arguments, calls one room, and says what came of it."""

__all__ = ["app"]

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from patron.cli.arguments import (
    BundlePath,
    Quiet,
    Seed,
    StudyPath,
    Table,
    Threads,
    a_day,
    is_world,
    load_study,
    not_here,
    now,
    read_token,
    seen_from,
    spare,
    spare_others,
)
from patron.cli.bars import shown
from patron.cli.terminal import say, some, warn
from patron.errors import UserError

app = typer.Typer(
    name="patron",
    help="From a shop's customer table to decisions that it can defend.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: quicker, and [audit] stays [audit]
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from patron import __version__

        say(f"patron {__version__}")
        raise typer.Exit


@app.callback()
def _patron(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    pass


@app.command()
def init(
    table: Table,
    entity: Annotated[str | None, typer.Option(help="The column that says which customer.")] = None,
    purchase: Annotated[str | None, typer.Option(help="The column that says who bought.")] = None,
    spend: Annotated[str | None, typer.Option(help="The column of what they spent.")] = None,
    treatment: Annotated[
        str | None, typer.Option(help="The column that says who was contacted.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The Study to write.")] = Path("patron.toml"),
    columns: Annotated[
        str | None, typer.Option(help="Names of the columns of a file without a header: a,b,c.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How its dates are written, such as %Y%m%d.")
    ] = None,
    quiet: Quiet = False,
    threads: Threads = None,  # noqa: ARG001 (every command takes it)
    seed: Seed = None,  # noqa: ARG001
) -> None:
    """Look at a table and write a commented Study for it."""
    from patron.study.propose import propose
    from patron.tables import open_source, write_text

    if out.exists():
        raise UserError(f"{out} exists. Name another file with --out, or move it away.")
    names = [name.strip() for name in columns.split(",")] if columns else None
    given = {"columns": names, "date_format": date_format}
    options = {name: value for name, value in given.items() if value}
    with shown(quiet).stage(f"look at {table}"):
        text = propose(
            open_source(table, **options),
            entity=entity,
            purchase=purchase,
            spend=spend,
            treatment=treatment,
            path=seen_from(table, out),
            format=options,
        )
    write_text(out, text)
    if not quiet:
        todo = "choose the as_of dates" if "\n[events]\n" in text else "correct the roles"
        say(f"Wrote {out}. Read it, {todo}, then: patron audit {out}")


@app.command()
def audit(
    study: StudyPath,
    fail_on: Annotated[
        str | None, typer.Option(help='"serious", "warning" or "never"; else as [audit] says.')
    ] = None,
    claim: Annotated[
        str | None, typer.Option(help='A score to hold against the data, as "accuracy 0.95".')
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(help="A table that should share no customer with this one; repeatable."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option(help="Show one finding in full: L01, or L01:column.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the findings there, too.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for audit.html, audit.json and the ladder.")
    ] = None,
    write_fixes: Annotated[
        bool, typer.Option("--write-fixes", help="Add the proposed fixes to the Study, to edit.")
    ] = False,
    quiet: Quiet = False,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Look for what is wrong with a table before a model does."""
    from patron.audit_path import audit as audit_table
    from patron.cli.findings import asked_for, show_audit, show_explained

    asked = load_study(study, seed, threads)
    gate = fail_on or asked.audit.fail_on
    if gate not in ("serious", "warning", "never"):
        raise UserError(f'--fail-on is "serious", "warning" or "never", not "{gate}".')
    one = asked_for(explain) if explain else None
    if out:
        not_here(out)
    if json_file:
        read = {"Study": study, "table": asked.table_path, "table of orders": asked.events_path}
        spare(json_file, "--json", **read)
        for each in against or ():
            spare(json_file, "--json", **{"table of --against": each})
        spare_others(json_file)
    found = audit_table(
        asked,
        out=out,
        against=against or (),
        claim=claim,
        created=now(),
        progress=shown(quiet),
    )
    written = list(_audit_files(found, study, asked, json_file, out, write_fixes))
    if not quiet:
        show_explained(found, one) if one else show_audit(found)
        for line in written:
            say(line)
    raise typer.Exit(1 if found.fails(gate) else 0)


@app.command()
def features(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="The customer table to write.")],
    as_of: Annotated[
        list[str] | None, typer.Option(help="A date instead of the Study's; repeatable.")
    ] = None,
    labels: Annotated[bool, typer.Option(help="Add what happened next.")] = True,
    quiet: Quiet = False,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Make customers at the as_of dates from orders."""
    from patron.cli.terminal import show_reading
    from patron.features.events import build_features
    from patron.tables import open_sink, open_source

    asked = load_study(study, seed, threads)
    if asked.events is None:
        raise UserError(f"{study} has no [events]; there is nothing to make features from.")
    dates = [a_day(text) for text in as_of] if as_of else None
    source = open_source(asked.events_path, **asked.events.format.options())
    spare(out, table=asked.events_path, Study=study)
    with shown(quiet).stage("make the features"), open_sink(out) as sink:
        made = build_features(source, asked.events, as_of=dates, labels=labels)
        sink.write(made.table)
    if not quiet:
        table = made.table
        customers, columns = some(table.num_rows, "customer"), some(table.num_columns, "column")
        say(f"{customers} at a date, {columns}: {out}")
        show_reading((*source.notes, *made.notes), made.dropped)


@app.command()
def run(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    effort: Annotated[
        str | None,
        typer.Option(help="quick, normal or thorough, instead of [purchase] effort."),
    ] = None,
    quiet: Quiet = False,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Take the whole path: audit, model, evidence, report and bundle."""
    from patron.cli.terminal import show_run
    from patron.pipeline import run as run_path

    asked = load_study(study, seed, threads).with_effort(effort)
    not_here(out)
    done = run_path(asked, out, created=now(), progress=shown(quiet))
    if not quiet:
        show_run(done)


@app.command()
def score(
    bundle: BundlePath,
    table: Table,
    out: Annotated[str, typer.Option(help="Where to: .parquet, .csv, or a database's table.")],
    as_of: Annotated[
        str | None, typer.Option(help="The date of the rows, if no column of the table has it.")
    ] = None,
    reasons: Annotated[
        bool, typer.Option(help="Add up to three reasons a customer: why likely to buy or not.")
    ] = False,
    quiet: Quiet = False,
    threads: Threads = None,
    seed: Seed = None,  # noqa: ARG001 (scoring uses no random numbers)
) -> None:
    """Score a table, batch by batch, in bounded memory."""
    import os

    from patron.bundle import load_bundle
    from patron.schema import Role
    from patron.score import score_source

    spare(out, table=table)
    model = load_bundle(bundle)
    done = score_source(
        model,
        table,
        out,
        scored_at=now(),
        as_of=a_day(as_of) if as_of else None,
        reasons=reasons,
        threads=threads or os.cpu_count() or 1,
        progress=shown(quiet),
    )
    if not quiet:
        above = "" if done.positive is None else f", {done.positive:,} above the threshold"
        spend = "" if done.expected is None else f", {done.expected:,.0f} to be spent in all"
        unsure = "" if done.doubtful is None else f", {done.doubtful:,} with a doubtful segment"
        say(f"{some(done.rows, 'row')} scored{above}{spend}{unsure}: {out}")
        say(f"Model {done.version}.")
        if not model.schema.names(Role.ENTITY):
            warn("the Study names no entity: the scores are in the table's order, without a key.")
        for sentence in done.warnings:
            warn(sentence)


@app.command()
def serve(
    bundle: BundlePath,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token that callers must send.")
    ] = None,
    quiet: Quiet = False,
    threads: Threads = None,
    seed: Seed = None,  # noqa: ARG001 (scoring uses no random numbers)
) -> None:
    """Answer requests for scores over HTTP until interrupted."""
    from patron.bundle import load_bundle
    from patron.serve import create_app, run_server

    served = create_app(load_bundle(bundle), token=read_token(token_file))
    tell: Any = None if quiet else lambda url: say(f"Patron listens on {url} (Ctrl-C ends it).")
    run_server(served, host=host, port=port, threads=threads or 4, on_start=tell)


@app.command()
def worlds(
    name: Annotated[
        str,
        typer.Argument(
            help="archetypes, continuum, corner, datacorp, marketplace, retailer, shop or "
            "postcards."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    rows: Annotated[int | None, typer.Option(help="How many customers.")] = None,
    faults: Annotated[
        str | None, typer.Option(help='Faults to plant: "all", "random", or kinds: a,b,c.')
    ] = None,
    quiet: Quiet = False,
    threads: Threads = None,  # noqa: ARG001 (every command takes it)
    seed: Seed = None,
) -> None:
    """Write a synthetic shop whose truth is known."""
    from patron.cli.shops import show_world
    from patron.tables import new_folder
    from patron.worlds import make

    not_here(out)
    kinds = [kind.strip() for kind in faults.split(",")] if faults else None
    planted = faults if faults in ("all", "random") else kinds
    with shown(quiet).stage(f"make the world {name}"), new_folder(out, is_world) as folder:
        world = make(name, rows=rows, seed=seed or 0, faults=planted)
        world.write(folder)
    if not quiet:
        show_world(world, out)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("patron-demo"),
    quiet: Quiet = False,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Take the whole path on a synthetic shop."""
    from patron.bundle import load_bundle
    from patron.cli.terminal import show_run
    from patron.pipeline import run as run_path
    from patron.score import score_source
    from patron.tables import new_folder
    from patron.tables.atomic import told
    from patron.worlds import make

    progress = shown(quiet)
    if out.parent.is_dir() and not out.exists():
        with told(out):
            out.mkdir()
    with progress.stage("make a shop"), new_folder(out / "shop", is_world) as folder:
        world = make("corner", seed=seed or 0)
        world.write(folder)
    asked = load_study(out / "shop" / "patron.toml", seed, threads)
    done = run_path(asked, out / "run", created=now(), truth=world.truth, progress=progress)
    scored = score_source(
        load_bundle(out / "run" / "bundle"),
        out / "shop" / "table.parquet",
        out / "scores.parquet",
        scored_at=now(),
        progress=progress,
    )
    if not quiet:
        show_run(done)
        say(f"Scores of {scored.rows:,} customers: {out / 'scores.parquet'}")


def _audit_files(
    found: Any, path: Path, asked: Any, json_file: Path | None, out: Path | None, write_fixes: bool
) -> Iterator[str]:
    """Write what was asked for beside the terminal, and say where it is."""
    from patron.audit_path import as_json
    from patron.tables import write_text

    if out:
        yield f"Open {out / 'audit.html'}; the findings as JSON: {out / 'audit.json'}"
    if json_file:
        write_text(json_file, as_json(found.results))
        yield f"The findings as JSON: {json_file}"
    if write_fixes:
        text, count = found.study_with_fixes(asked, path.read_text(encoding="utf-8"))
        if count:
            write_text(path, text)
            yield f"Proposed fixes written to {path}: {count}. Keep, edit or remove them."
        else:
            yield f"No fix is proposed that {path} lacks; it stays as it is."
