"""Whole data sets through networks: the same as item by item, interruptible, kept, never guessed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk.catalogue import Catalogue, Wish
from layerwalk.inputs.prepared import from_item
from layerwalk.session import Session
from layerwalk.surveys.scores import match
from layerwalk.surveys.strongest import KEPT
from layerwalk_shared.errors import (
    DatasetError,
    InvalidRequestError,
    NotFoundError,
)
from layerwalk_shared.messages import (
    ExciteRequest,
    ExcitingItem,
    InputSpec,
    Job,
    NoiseInput,
    ScoreRequest,
)
from server.small import Item

SPEC = InputSpec(kind="image", shape=(3, 8, 6), mean=(0.5,), std=(0.25,))
CLASSES = ("cup", "face", "water lily")
BROKEN = (5, 30)
COUNT = 60


class Tiny(nn.Module):
    """A convolution of five channels, its rectified maps, an answer of three."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1)
        self.relu = nn.ReLU()
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.relu(self.conv(x)).mean((2, 3)))


class Coupled(nn.Module):
    """Items of a batch disturb each other: each loses the mean of all."""

    def __init__(self) -> None:
        super().__init__()
        self.tiny = seeded(Tiny())

    def forward(self, x: Tensor) -> Tensor:
        y = self.tiny(x)
        return y if len(y) == 1 else y - y.mean(0, keepdim=True)


@dataclass(frozen=True)
class Many:
    """Sixty pictures of three classes, two of which cannot be read."""

    name: str = "many"
    classes: Sequence[str] = ("face", "Water_Lily", "dragon")
    broken: Sequence[int] = BROKEN
    gate: threading.Event = field(default_factory=threading.Event)
    gate_at: int | None = None

    def __len__(self) -> int:
        return COUNT

    def item(self, i: int, /) -> Item:
        if i == self.gate_at:
            self.gate.wait(30)
        if i in self.broken:
            raise ValueError("the file is cut short")
        rng = np.random.default_rng(i)
        picture = (rng.random((16, 12, 3)) ** rng.uniform(0.3, 4) * 255).astype(np.uint8)
        return Item(f"photo {i:03d}", picture, self.classes[i % 3])


def seeded(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model.eval()


@pytest.fixture
def surveyed(no_thread_left: None) -> Iterator[Session]:
    with Session() as made:
        made.add_network(seeded(Tiny()), name="tiny", classes=CLASSES, input_spec=SPEC)
        made.add_dataset(Many())
        yield made


def ended(session: Session, job: Job) -> Job:
    found = session.jobs.wait(job.id, 60)
    assert found.state in ("done", "failed", "cancelled")
    return found


def scored(session: Session, dataset: str = "d1", first: int | None = None) -> Job:
    job = session.surveyor.score("n1", ScoreRequest(dataset=dataset, first=first))
    done = ended(session, job)
    assert done.state == "done", done.problem
    return done


def one_by_one(session: Session, model: nn.Module) -> dict[int, tuple[NDArray[np.float32], Tensor]]:
    """Return item -> (values of the convolution [5, 8, 6], probabilities [3])."""
    found = {}
    caught: list[Tensor] = []
    hook = (model.tiny if isinstance(model, Coupled) else model).conv.register_forward_hook(  # type: ignore[union-attr]
        lambda _module, _args, output: caught.append(output.detach())
    )
    argument = session.network("n1").argument(None)
    for index in range(COUNT):
        if index not in BROKEN:
            made = from_item("d1", session.dataset("d1"), index, argument, largest_side=99)
            with torch.no_grad():
                answer = model(torch.from_numpy(np.array(made.values))[None])
            found[index] = caught.pop()[0].numpy(), torch.softmax(answer[0].double(), 0)
    hook.remove()
    return found


def test_scores_are_those_of_every_item_alone(surveyed: Session) -> None:
    job = scored(surveyed)
    assert (job.kind, job.dataset, job.step, job.steps) == ("score", "d1", COUNT, COUNT)
    assert any("2 items were left out: item 5 " in note for note in job.notes)
    scores, state = surveyed.surveyor.scores("n1", "d1")
    assert scores is not None
    assert state == "fresh"
    right = compared = 0
    alike = {"face": "face", "Water_Lily": "water lily"}
    for index, (_, probabilities) in one_by_one(surveyed, seeded(Tiny())).items():
        best = int(probabilities.argmax())
        found = scores.prediction(index)
        assert found is not None
        assert found[0] == CLASSES[best]
        assert found[1] == pytest.approx(float(probabilities[best]), abs=1e-4)
        label = Many().classes[index % 3]
        verdict = CLASSES[best] == alike[label] if label in alike else None
        assert scores.verdict(index) is verdict
        compared += verdict is not None
        right += verdict is True
    assert scores.prediction(5) is None
    summary = surveyed.surveyor.summary("n1", "d1")
    assert (summary.scored, summary.unreadable) == (COUNT - 2, 2)
    assert (summary.compared, summary.right) == (compared, right)
    assert 0 < right < compared
    assert summary.is_whole
    assert summary.note is not None
    assert "'dragon'" in summary.note
    assert [one.name for one in summary.classes] == ["face", "water lily"]
    assert sum(one.compared for one in summary.classes) == compared
    assert sum(one.right for one in summary.classes) == right


def test_items_that_disturb_each_other_in_a_batch_run_alone(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(Coupled(), name="coupled", classes=CLASSES, input_spec=SPEC)
        session.add_dataset(Many())
        scored(session)
        scores, _ = session.surveyor.scores("n1", "d1")
        assert scores is not None
        for index, (_, probabilities) in one_by_one(session, Coupled().eval()).items():
            found = scores.prediction(index)
            assert found is not None
            assert found[1] == pytest.approx(float(probabilities.max()), abs=1e-4)


def test_a_second_ask_is_free_and_weights_that_change_are_told(surveyed: Session) -> None:
    scored(surveyed, first=20)
    assert surveyed.surveyor.summary("n1", "d1").scored == 19
    assert not surveyed.surveyor.summary("n1", "d1").is_whole
    again = surveyed.surveyor.score("n1", ScoreRequest(dataset="d1", first=20))
    assert again.state == "done"
    twin = surveyed.network("n1").twin
    assert isinstance(twin, Tiny)
    before = twin.head.bias.detach().clone()

    def change(bias: Tensor) -> None:
        with torch.no_grad():
            twin.head.bias.copy_(bias)

    surveyed.jobs.call(lambda: change(torch.tensor([99.0, 0.0, 0.0])))
    assert surveyed.surveyor.summary("n1", "d1").state == "stale"
    assert surveyed.surveyor.summary("n1", "d1").scored == 19
    scored(surveyed, first=20)
    scores, state = surveyed.surveyor.scores("n1", "d1")
    assert scores is not None
    assert state == "fresh"
    assert set(scores.predicted[:5].tolist()) == {0}
    surveyed.jobs.call(lambda: change(before))  # what was scored before is still there
    assert surveyed.surveyor.summary("n1", "d1").state == "fresh"
    assert surveyed.surveyor.score("n1", ScoreRequest(dataset="d1", first=20)).state == "done"


def test_a_pass_that_someone_waits_for_goes_between_two_batches(surveyed: Session) -> None:
    data = Many(gate_at=50)
    surveyed.add_dataset(data)
    job = surveyed.surveyor.score("n1", ScoreRequest(dataset="d2"))
    put = ended(surveyed, surveyed.put("n1", NoiseInput()))
    assert put.state == "done"
    assert surveyed.jobs.job(job.id).state == "running"
    data.gate.set()
    assert ended(surveyed, job).state == "done"


def test_a_cancelled_survey_ends_and_the_next_goes_on_from_there(surveyed: Session) -> None:
    data = Many(gate_at=50)
    surveyed.add_dataset(data)
    job = surveyed.surveyor.score("n1", ScoreRequest(dataset="d2"))
    while (surveyed.jobs.wait(job.id, 0.01).step or 0) < 3:
        pass
    surveyed.jobs.cancel(job.id)
    data.gate.set()
    assert ended(surveyed, job).state == "cancelled"
    partial = surveyed.surveyor.summary("n1", "d2")
    assert partial.state == "fresh"
    assert 0 < partial.scored < COUNT - 2
    scored(surveyed, "d2")
    scored(surveyed, "d1")
    first, _ = surveyed.surveyor.scores("n1", "d1")
    second, _ = surveyed.surveyor.scores("n1", "d2")
    assert first is not None
    assert second is not None
    assert (first.predicted == second.predicted).all()
    assert np.allclose(first.probability, second.probability, atol=1e-5)


def test_a_data_set_that_nothing_can_be_read_of_fails_in_a_sentence(surveyed: Session) -> None:
    surveyed.add_dataset(Many(broken=range(COUNT)))
    job = ended(surveyed, surveyed.surveyor.score("n1", ScoreRequest(dataset="d2")))
    assert job.state == "failed"
    assert job.problem is not None
    assert "none of 60 items can be put on the network: item 0 " in job.problem["detail"]
    scored(surveyed)


def test_a_network_without_a_vector_of_classes_is_not_scored(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(nn.Conv2d(3, 2, 3), name="maps", input_spec=SPEC)
        session.add_dataset(Many())
        job = ended(session, session.surveyor.score("n1", ScoreRequest(dataset="d1")))
        assert job.state == "failed"
        assert job.problem is not None
        assert "does not answer with one vector" in job.problem["detail"]


def test_labels_are_matched_by_name_or_not_at_all() -> None:
    exact = match(["b", "a"], ["a", "b"])
    assert exact.classes == {"a": 0, "b": 1}
    assert exact.note is None
    assert match(["Water_Lily"], ["water lily"]).classes == {"Water_Lily": 0}
    assert match(["A"], ["a ", "a_"]).classes == {}  # two would fit: nothing is guessed
    none = match(["7", "8"], ["cat", "dog"])
    assert none.classes == {}
    assert none.note is not None
    assert "none of the 2 labels ('7', '8')" in none.note
    assert match(["a"], []).note is not None
    assert match([], ["a"]).note is not None


def strongest(values: dict[int, float]) -> list[int]:
    """Return items by value, largest first, equals in order."""
    return sorted(values, key=lambda item: (-values[item], item))[:KEPT]


def test_the_strongest_items_of_every_channel_are_those_of_brute_force(surveyed: Session) -> None:
    request = ExciteRequest(dataset="d1", nodes=("conv", "relu", "head"))
    job = ended(surveyed, surveyed.surveyor.excite("n1", request))
    assert job.state == "done", job.problem
    assert any("2 items were left out" in note for note in job.notes)
    alone = {item: values for item, (values, _) in one_by_one(surveyed, seeded(Tiny())).items()}
    for node, change in (("conv", lambda one: one), ("relu", lambda one: np.maximum(one, 0))):
        for channel in range(5):
            found = surveyed.surveyor.exciting(
                "n1", node, channel=channel, dataset_id="d1", most=KEPT
            )
            assert (found.state, found.scanned, found.unreadable) == ("fresh", COUNT, 2)
            assert found.positions == (8, 6)
            maps = {item: change(one[channel]) for item, one in alone.items()}
            maxima = {item: float(one.max()) for item, one in maps.items()}
            means = {item: float(one.mean()) for item, one in maps.items()}
            for ranking, values in ((found.by_maximum, maxima), (found.by_mean, means)):
                check_ranking(ranking, values, maps)


def check_ranking(
    ranking: Sequence[ExcitingItem],
    values: dict[int, float],
    maps: dict[int, NDArray[np.float32]],
) -> None:
    assert len(ranking) == KEPT
    expected = strongest(values)
    for one, item in zip(ranking, expected, strict=True):
        assert one.value == pytest.approx(values[item], rel=1e-4, abs=1e-5)
        assert one.value == pytest.approx(values[one.item], rel=1e-4, abs=1e-5)
        row, column = one.position
        assert maps[one.item][row, column] == pytest.approx(float(maps[one.item].max()), rel=1e-4)
        assert one.name == f"photo {one.item:03d}"


def test_a_search_goes_on_from_the_items_that_were_looked_at(surveyed: Session) -> None:
    def ask(first: int | None) -> Job:
        request = ExciteRequest(dataset="d1", nodes=("conv",), first=first)
        return ended(surveyed, surveyed.surveyor.excite("n1", request))

    def told() -> list[int]:
        found = surveyed.surveyor.exciting("n1", "conv", channel=2, dataset_id="d1", most=KEPT)
        return [one.item for one in found.by_maximum]

    assert ask(40).steps == 40
    assert max(told()) < 40
    assert ask(25).step is None  # less than what is known: free
    ask(None)
    in_two_goes = told()
    surveyed.add_dataset(Many())
    ended(surveyed, surveyed.surveyor.excite("n1", ExciteRequest(dataset="d2", nodes=("conv",))))
    whole = surveyed.surveyor.exciting("n1", "conv", channel=2, dataset_id="d2", most=KEPT)
    assert in_two_goes == [one.item for one in whole.by_maximum]


def test_what_cannot_be_searched_is_said_at_once(surveyed: Session) -> None:
    surveyor = surveyed.surveyor
    with pytest.raises(NotFoundError, match="nearest: 'conv'"):
        surveyor.excite("n1", ExciteRequest(dataset="d1", nodes=("conf",)))
    with pytest.raises(InvalidRequestError, match="is an input"):
        surveyor.excite("n1", ExciteRequest(dataset="d1", nodes=("input",)))
    with pytest.raises(NotFoundError, match="d9"):
        surveyor.score("n1", ScoreRequest(dataset="d9"))
    with pytest.raises(NotFoundError, match="channel 5"):
        surveyor.exciting("n1", "conv", channel=5, dataset_id="d1", most=3)
    nothing = surveyor.exciting("n1", "conv", channel=4, dataset_id="d1", most=3)
    assert (nothing.state, nothing.by_maximum) == ("none", ())


def test_items_are_filtered_and_put_in_order(surveyed: Session) -> None:
    scored(surveyed)
    scores, _ = surveyed.surveyor.scores("n1", "d1")
    assert scores is not None
    catalogue = Catalogue(surveyed.dataset, budget_bytes=10_000)
    names = [f"photo {index:03d}" for index in range(COUNT)]
    every = set(range(COUNT))
    for order in ("wrong-first", "right-first", "least-sure"):
        found = catalogue.arranged("d1", Wish(order=order), scores).tolist()
        assert set(found) == every
        assert set(found[-2:]) == set(BROKEN)
        kinds = [scores.verdict(index) for index in found[:-2]]
        sure = [float(scores.probability[index]) for index in found[:-2]]
        if order == "least-sure":
            assert sure == sorted(sure)
        else:
            ranks = [{False: 0, None: 1, True: 2}[kind] for kind in kinds]
            assert ranks == sorted(ranks, reverse=order == "right-first")
            head = [one for one, kind in zip(sure, kinds, strict=True) if kind is kinds[0]]
            assert head == sorted(head, reverse=True)  # the surest of what is asked for first
    of_class = catalogue.arranged("d1", Wish(label="dragon", text="PHOTO 01"), scores).tolist()
    assert of_class == [i for i in range(COUNT) if i % 3 == 2 and names[i].startswith("photo 01")]
    lilies = catalogue.arranged("d1", Wish(text="lily"), scores).tolist()
    assert lilies == [i for i in range(COUNT) if i % 3 == 1 and i not in BROKEN]
    with pytest.raises(InvalidRequestError, match="nearest: 'dragon'"):
        catalogue.arranged("d1", Wish(label="dragoon"), scores)
    with pytest.raises(InvalidRequestError, match="needs the scores"):
        catalogue.arranged("d1", Wish(order="wrong-first"), None)


def test_thumbnails_are_kept_within_their_budget(surveyed: Session) -> None:
    read: list[int] = []

    class Counted(Many):
        def item(self, i: int, /) -> Item:
            read.append(i)
            return super().item(i)

    data = Counted()
    catalogue = Catalogue(lambda _: data, budget_bytes=3 * 16 * 16 * 3)
    shown = [catalogue.thumbnail("d1", index, side=16) for index in (0, 1, 2, 0)]
    assert all(one is not None and one.shape == (16, 16, 3) for one in shown)
    assert read == [0, 1, 2]
    catalogue.thumbnail("d1", 3, side=16)  # item 1 goes, which was unused longest
    catalogue.thumbnail("d1", 0, side=16)
    catalogue.thumbnail("d1", 1, side=16)
    assert read == [0, 1, 2, 3, 1]
    assert catalogue.thumbnail("d1", 5, side=16) is None


def test_an_empty_data_set_is_said(surveyed: Session) -> None:
    class Nothing(Many):
        def __len__(self) -> int:
            return 0

    surveyed.add_dataset(Nothing())
    with pytest.raises(DatasetError, match="is empty"):
        surveyed.surveyor.score("n1", ScoreRequest(dataset="d2"))
