"""What the panels of a training show is what was told of it."""

import numpy as np

from layerwalk_client.app.desks.desk import DEAD_ROWS, course_of, health_of
from layerwalk_client.app.stage.training import TrainingRecord
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.source.rehearsal import histograms, metric_point, training_step
from layerwalk_client.ui.timeline import Course, shown_at_first
from layerwalk_shared.messages import NetworkDescription

EXHIBIT = EXHIBITS["vit"]()
NETWORK = NetworkDescription(id="n", name="n", graph=EXHIBIT.graph, input=EXHIBIT.input)


def told(steps):
    record = TrainingRecord()
    record.add_points([metric_point(step) for step in steps])
    for step in steps:
        record.add_step(training_step(EXHIBIT.graph, step, f"s{step}"))
    return record


def test_a_course_tells_steps_snapshots_and_warnings():
    record = told(range(0, 2000, 100))
    record.forget_snapshots(["s100"])
    course = course_of(record, chosen=300, is_gone=False)
    assert course.served.tolist() == list(range(0, 2000, 100))
    assert np.flatnonzero(~course.is_held).tolist() == [1]
    warned = {step.step for step in record.steps if step.warnings}
    assert set(course.warnings) == warned
    assert course.span == (0, 1900)
    assert [course.nearest(at) for at in (-10, 149, 151, 9999)] == [0, 100, 200, 1900]
    assert Course().nearest(3) is None
    assert Course().span == (0.0, 1.0)


def test_series_that_would_be_flat_lines_are_not_shown_at_first():
    series = told(range(0, 4000, 100)).series()
    assert shown_at_first(series) == {"loss", "accuracy"}
    flat = {"loss": (np.arange(3.0), np.ones(3))}
    assert shown_at_first(flat) == {"loss"}


def test_health_is_that_of_the_chosen_step_in_the_networks_order():
    record = told((0, 100, 200))
    record.take_gradients(histograms(EXHIBIT.graph, 100))
    health = health_of(record, NETWORK, 100)
    assert health.step == 100
    nodes = [flow.node for flow in health.flows]
    assert nodes == sorted(nodes)
    assert health.dead.shape == (3, len(nodes))
    (one,) = [one for one in record.step(100).nodes if one.node == nodes[3]]
    assert health.flows[3].gradient == one.gradient
    assert set(health.histograms) == set(nodes)
    assert health_of(record, NETWORK, 200).histograms == {}  # they are another step's
    assert health_of(TrainingRecord(), NETWORK, None).step is None


def test_very_many_steps_are_shown_by_some_of_them():
    record = told(range(500))
    assert health_of(record, NETWORK, None).dead.shape[0] == DEAD_ROWS
