"""What is told of a maximisation in a line: on its wall, and about one picture of it."""

from __future__ import annotations

from layerwalk_client.app.maximising.results import Mode, Run, image_at, maximised_of
from layerwalk_client.world.hanging import clock_text
from layerwalk_shared.messages import MaximisedImage, SnapshotManifest


def caption(run: Run, shown: SnapshotManifest | None, mode: Mode) -> tuple[str, bool]:
    """Return what stands in place of a wall's subtitle ("" = nothing), and whether it warns.

    Args:
        run: the newest of the node.
        shown: the preview or result that is looked at.
        mode: of the wall.
    """
    job = run.job
    if run.is_running and job is not None:
        if job.state == "queued":
            before = f", {job.position} before it" if job.position else ""
            return f"maximising, waiting for its turn{before}", False
        parts = ["maximising"]
        if run.steps_total:
            parts.append(f"step {run.step} of {run.steps_total}")
        if job.seconds_left is not None:
            parts.append(f"{clock_text(job.seconds_left)} left")
        return ", ".join(parts), False
    if job is not None and job.state == "failed" and run.final is None:
        reason = " ".join(str(run.problem or "for an unknown reason").split())
        return f"maximising failed: {reason}", True
    if job is not None and job.state == "cancelled" and run.final is None:
        where = f" at step {run.step} of {run.steps_total}" if run.steps_total else ""
        return f"maximising cancelled{where}", True
    if shown is None or mode == "values":
        return "", False
    told = maximised_of(shown)
    parts = [f"maximised: {told.recipe.name}", f"step {told.step} of {told.steps}"]
    if told.is_final:
        parts[1] = f"{told.recipe.steps} steps"
    parts.append(f"seed {told.seed}")
    notes = sum(image.note is not None for image in told.images)
    if notes:
        parts.append(f"{notes} with a note")
    return ", ".join(parts), False


def picture_lines(manifest: SnapshotManifest, place: int) -> tuple[str, str, str]:
    """Return what one picture of a result is, what it reached, and what else is known of it.

    The second reads like `3.21, next 204: 1.40 (2.3x)`: the unit's activation, its strongest
    rival and how many times stronger it is.
    """
    image = image_at(manifest, place)
    if image is None:
        return "", "", ""
    objective = maximised_of(manifest).objective
    name = objective.kind if image.channel is None else f"channel {image.channel}"
    return name, reached(image), note_line(manifest, place)


def reached(image: MaximisedImage) -> str:
    """Return a unit's activation, its rival's, and their ratio where it says something."""
    text = f"{image.activation:.2f}"
    if image.rival is None:
        return text
    text += f", next {image.rival.channel}: {image.rival.activation:.2f}"
    if image.activation > 0 and image.rival.activation > 0:
        text += f" ({image.activation / image.rival.activation:.1f}x)"
    return text


def note_line(manifest: SnapshotManifest, place: int) -> str:
    """Return what else is known of a picture: its note, else what the network sees in it."""
    image = image_at(manifest, place)
    if image is None:
        return ""
    if image.note is not None:
        return image.note
    names = [f"{one.name} {one.probability:.0%}" for one in image.answers[:3]]
    return "seen as " + ", ".join(names) if names else ""
