"""What the panel of maximisation shows of runs and jobs: pure functions from records to its view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from layerwalk_client.app.handling.hand import Holding
from layerwalk_client.app.maximising.results import Run, maximised_of, unit_at
from layerwalk_client.ui import studio as view
from layerwalk_client.ui.drafts import Offer, Subject, label_of
from layerwalk_client.ui.pictures import Picture
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    ChannelInput,
    MaximiseRequest,
    SnapshotManifest,
)
from layerwalk_shared.recipes import RECIPES, Recipe, unit_axis, unit_count


def subject_of(
    network: str,
    graph: Graph,
    node: int,
    *,
    unit: int | None,
    offers: Mapping[str, Offer],
) -> Subject:
    """Return what is maximised: a node, and the unit of it that was pointed at."""
    told = graph.nodes[node]
    axis = unit_axis(told.view, told.shape)
    count = unit_count(told.view, told.shape)
    positions = (
        () if axis is None else tuple(size for k, size in enumerate(told.shape) if k != axis)
    )
    problem = told.error or ""
    if told.kind == "input":
        problem = "this is the input: choose a node behind it"
    known = None if unit is None or unit >= count else unit
    return Subject(network, told.id, count, positions, known, offers, problem)


def offers_of(
    graph: Graph,
    *,
    present: SnapshotManifest | None,
    holding: Holding | None,
    result: SnapshotManifest | None,
    place: int,
) -> dict[str, Offer]:
    """Return what a run could begin with.

    Args:
        graph: of the network.
        present: the snapshot that is shown.
        holding: what is in the hand.
        result: the preview or result that is looked at.
        place: number of its picture that is looked at.
    """
    source = next((node.id for node in graph.nodes if node.kind == "input"), None)
    shown = Offer("nothing is on the input yet")
    if present is not None and source is not None:
        image = ChannelInput(snapshot=present.id, node=source)
        shown = Offer(present.input.title, image)
    held = Offer("the hand is empty")
    if holding is not None:
        held = Offer("a file in the hand: put it on the input first")
        if not isinstance(holding.image, bytes):
            held = Offer(holding.title, holding.image)
    former = Offer("no run of this node yet")
    if result is not None:
        former = Offer(title_of(result, place), picture_of(result, place))
    return {"present": shown, "hand": held, "result": former}


def picture_of(manifest: SnapshotManifest, place: int) -> ChannelInput:
    """Return a picture of a result as something to put on an input."""
    told = maximised_of(manifest)
    return ChannelInput(snapshot=manifest.id, node=told.node, channel=unit_at(manifest, place))


def title_of(manifest: SnapshotManifest, place: int) -> str:
    """Return what a picture of a result is, in few words."""
    told = maximised_of(manifest)
    unit = told.images[place].channel if place < len(told.images) else None
    return f"{told.node}{'' if unit is None else f' {unit}'}, {label_of(told.recipe)}"


def recipe_of(request: MaximiseRequest) -> Recipe | None:
    """Return the recipe of a request; None: one that only the server knows."""
    recipe = request.recipe
    return recipe if isinstance(recipe, Recipe) else RECIPES.get(recipe)


def name_of(run: Run, request: MaximiseRequest | None) -> str:
    """Return the recipe of a run in few words, "" where it is not known."""
    if run.newest is not None:
        return label_of(maximised_of(run.newest).recipe)
    recipe = None if request is None else recipe_of(request)
    if recipe is not None:
        return label_of(recipe)
    return str(request.recipe) if request is not None else ""


def run_view(run: Run, request: MaximiseRequest | None, *, when: str) -> view.Run:
    """Return a run as a line of the list."""
    state: view.RunState = "done" if run.final is not None else "cancelled"
    if run.job is not None and run.final is None:
        state = run.job.state
    newest = run.newest
    if newest is None:
        return view.Run(
            run.id, name_of(run, request) or run.id, 0 if request is None else request.seed,
            run.step, max(1, run.steps_total), when=when, state=state,
        )  # fmt: skip
    told = maximised_of(newest)
    values = [image.activation for image in told.images]
    return view.Run(
        run.id, label_of(told.recipe), told.seed, run.step, told.recipe.steps, len(values), when,
        sum(values) / len(values) if values else None, state,
    )  # fmt: skip


def waiting_view(request: MaximiseRequest) -> view.Run:
    """Return a run that the server has not heard of yet."""
    recipe = recipe_of(request)
    label = str(request.recipe) if recipe is None else label_of(recipe)
    steps = 1 if recipe is None else recipe.steps
    return view.Run(f"? {label} {request.seed}", label, request.seed, 0, steps, state="queued")


def job_line(run: Run, request: MaximiseRequest | None) -> view.JobLine:
    """Return a run that is at work, or waits, as a line."""
    job = run.job
    assert job is not None
    title = "   ".join(filter(None, (run.node, name_of(run, request))))
    notes = job.notes or notes_of(run)
    if job.state == "queued":
        place = job.position
        detail = (
            "waits" if place is None else f"place {place + 1} in the queue" if place else "next"
        )
        return view.JobLine(run.id, title, detail, notes=notes)
    detail = f"step {run.step} of {run.steps_total}" if run.steps_total else "begins"
    if job.seconds_left is not None:
        detail += f"   {time_left(job.seconds_left)} to go"
    return view.JobLine(run.id, title, detail, job.progress, True, notes)


def notes_of(run: Run) -> tuple[str, ...]:
    """Return what went otherwise in a run's pictures."""
    if run.newest is None:
        return ()
    return tuple(
        f"channel {image.channel}: {image.note}" if image.channel is not None else image.note
        for image in maximised_of(run.newest).images
        if image.note
    )


def time_left(seconds: float) -> str:
    """Return a time as `0:12`, `1:02:05`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def pictures_view(
    manifest: SnapshotManifest, picture: Callable[[int], Picture | None]
) -> tuple[view.Pictured, ...]:
    """Return a result's pictures with what is told of them; `picture`: by number."""
    return tuple(
        view.Pictured(
            place,
            image.channel,
            picture(place),
            image.activation,
            None if image.rival is None else (image.rival.channel, image.rival.activation),
            tuple(view.Answer(one.name, one.probability) for one in image.answers),
            image.note or (f"begun {image.attempts} times" if image.attempts > 1 else ""),
            image.is_cached,
        )
        for place, image in enumerate(maximised_of(manifest).images)
    )


def units_of(columns: Sequence[view.Column]) -> tuple[int | None, ...]:
    """Return the units of all columns, each once, in the order of the first that has it."""
    return tuple(dict.fromkeys(unit for column in columns for unit in column.cells))
