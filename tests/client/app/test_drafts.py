"""What stands in the form of maximisation becomes a request, or says why not."""

import pytest

from layerwalk_client.ui.controls import Writing, nudged
from layerwalk_client.ui.drafts import (
    Offer,
    Subject,
    draft_of,
    label_of,
    new_draft,
    order_of,
    units_in,
    units_text,
)
from layerwalk_client.ui.maximise_comparison import compared_recipes, compared_seeds
from layerwalk_client.ui.studio import Column, Comparison, Pictured, Run
from layerwalk_shared.messages import ChannelInput, InputStart, MaximiseRequest
from layerwalk_shared.recipes import RECIPES, ConstantStart, NoiseStart, Objective, Term

IMAGE = ChannelInput(snapshot="s1", node="input")
SUBJECT = Subject(
    "n", "conv", 64, (28, 28), 17, {"present": Offer("a cat", IMAGE), "hand": Offer("it is empty")}
)


def put(draft, **texts):
    for path, text in texts.items():
        draft = draft.put(path, text)
    return draft


def test_the_first_draft_is_the_default_recipe_by_its_name():
    assert order_of(new_draft(), SUBJECT).request == MaximiseRequest(node="conv")


def test_a_changed_recipe_is_sent_whole_and_says_so():
    draft = new_draft().put("recipe.slope", "0.1")
    recipe = order_of(draft, SUBJECT).request.recipe
    assert recipe.slope == 0.1
    assert recipe.name == "walk changed"
    assert recipe.transforms == RECIPES["walk"].transforms
    assert label_of(recipe) == "walk, slope 0.1"
    assert order_of(draft.reset(), SUBJECT).request.recipe == "walk"


@pytest.mark.parametrize(
    ("texts", "path", "said"),
    [
        ({"seed": "-1"}, "seed", "greater than or equal to 0"),
        ({"seed": "x"}, "seed", "valid integer"),
        ({"extent": "some", "units": "0-70"}, "units", "70 does not exist: there are 0 to 63"),
        ({"objective": "neuron", "position": "3"}, "position", "expected 2: the positions are 28"),
        ({"objective": "neuron", "position": "3, 28"}, "position", "no such position"),
        ({"objective": "neuron", "position": "3, x"}, "position", "valid integer"),
        ({"objective": "percentile", "share": "0"}, "share", "greater than 0"),
        ({"penalty": "-1"}, "penalty", "greater than or equal to 0"),
        ({"start": "noise", "amplitude": "99"}, "amplitude", "less than or equal to 10"),
        ({"objective": "direction"}, "direction", "names units and weights"),
        ({"objective": "direction", "direction": "64"}, "direction", "there are 0 to 63"),
        ({"also": "fc heavy"}, "also", "expected NODE#UNIT"),
        ({"start": "hand"}, "start", "it is empty"),
        ({"start": "result"}, "start", "nothing of that kind"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_sent(texts, path, said):
    order = order_of(put(new_draft(), **texts), SUBJECT)
    assert order.request is None
    assert set(order.complaints) == {path}
    assert said in order.complaints[path]


def test_all_that_is_wrong_is_told_at_once():
    order = order_of(put(new_draft(), seed="x", penalty="y", extent="some", units="z"), SUBJECT)
    assert set(order.complaints) == {"seed", "penalty", "units"}


def test_the_unit_pointed_at_is_a_channel_of_the_request():
    draft = new_draft().put("extent", "one")
    assert order_of(draft, SUBJECT).request.channels == (17,)
    without = Subject("n", "conv", 64)
    assert order_of(draft, without).complaints["units"] == "point at a channel, then press M"


def test_a_node_that_cannot_be_maximised_is_refused_before():
    order = order_of(new_draft(), Subject("n", "input", 3, problem="this is the input"))
    assert order.request is None
    assert order.complaints[""] == "this is the input"


REQUESTS = [
    MaximiseRequest(node="conv", recipe=RECIPES["maco"], seed=7, channels=(0, 1, 2, 40)),
    MaximiseRequest(
        node="conv",
        recipe=RECIPES["walk"].model_copy(update={"name": "walk changed", "slope": 0.25}),
        objective=Objective(kind="neuron", position=(3, 4), penalty=0.5),
        start=NoiseStart(amplitude=0.3),
    ),
    MaximiseRequest(
        node="conv", recipe=RECIPES["plain"], start=ConstantStart(value=0.2),
        objective=Objective(kind="percentile", share=0.05, also=(Term(node="fc", channel=3),)),
    ),
    MaximiseRequest(
        node="conv", recipe=RECIPES["plain"], start=InputStart(input=IMAGE),
        objective=Objective(kind="direction", direction=(1.0, -0.5, *62 * (0.0,))),
    ),
]  # fmt: skip


@pytest.mark.parametrize("request_", REQUESTS)
def test_again_makes_the_same_request(request_):
    draft = draft_of(
        request_.recipe, request_.objective, seed=request_.seed, units=request_.channels, count=64,
        start=request_.start,
    )  # fmt: skip
    found = order_of(draft, SUBJECT).request
    name = found.recipe if isinstance(found.recipe, str) else found.recipe.name
    assert name == request_.recipe.name
    assert found.model_copy(update={"recipe": request_.recipe}) == request_


@pytest.mark.parametrize("units", [(0,), (0, 1, 2, 5), tuple(range(64)), (9, 3, 4)])
def test_units_come_back_from_their_text(units):
    assert units_in(units_text(units), 64) == units


def test_units_are_named_by_numbers_and_ranges():
    assert units_in(" 0-2, 40 , 1", 64) == (0, 1, 2, 40)
    for text, said in [
        ("", "none is named"), ("a", "'a' is no number"), ("3-", "'3-' is no number"),
        ("5-3", "the smaller number comes first"), ("64", "there are 0 to 63"), ("-1", "no number"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=said):
            units_in(text, 64)


def test_comparisons_differ_in_one_thing_only():
    request = MaximiseRequest(node="conv", seed=3, objective=Objective(penalty=0.1))
    recipes = compared_recipes(request, 64)
    assert [one.recipe for one in recipes] == ["walk", "proxygrad", "fourier", "maco"]
    seeds = compared_seeds(request, 64)
    assert [one.seed for one in seeds] == [3, 4, 5]
    for one in (*recipes, *seeds):
        assert one.channels == tuple(range(8))
        assert one.objective == request.objective
    assert compared_seeds(request, 6)[0].channels is None
    named = request.model_copy(update={"channels": (4, 60)})
    assert compared_recipes(named, 64)[3].channels == (4, 60)


def test_the_best_of_a_row_is_told_among_what_has_ended():
    def column(reached, state="done"):
        return Column(Run("j", "walk", state=state), {3: Pictured(0, 3, activation=reached)})

    assert Comparison((3,), (column(1.0), column(2.0))).best(3) == 1
    assert Comparison((3,), (column(1.0), column(9.0, "running"), column(0.5))).best(3) == 0
    assert Comparison((3,), (column(1.0),)).best(3) is None
    assert Comparison((3,), (column(1.0), column(1.0))).best(3) is None
    assert Comparison((3,), (column(1.0), column(2.0))).best(4) is None


def test_the_ratio_is_that_to_the_next_highest():
    assert Pictured(0, 3, activation=6.0, rival=(4, 2.0)).ratio == 3.0
    assert Pictured(0, 3, activation=6.0, rival=(4, -2.0)).ratio is None
    assert Pictured(0, 3, activation=6.0).ratio is None


def test_the_first_letter_replaces_what_stood_there_the_others_add():
    writing = Writing()
    writing.begin("seed", "123")
    writing.type_text("4")
    writing.type_text("5")
    assert writing.text == "45"
    writing.erase()
    assert writing.text == "4"
    writing.begin("seed", "4")  # pressed a second time: go on writing
    writing.type_text("2")
    assert writing.text == "42"
    writing.begin("rate", "20")
    writing.erase()
    assert writing.text == ""


def test_numbers_are_nudged_up_and_down():
    assert nudged("200", 1) == "240"
    assert nudged("200", -1) == "170"
    assert nudged("0.075", 1) == "0.09"
    assert nudged("0", 1) == "0.01"
    assert nudged("7", 1, is_counted=True) == "8"
    assert nudged("0", -1, is_counted=True) == "0"
    assert nudged("0-15", 1) == "0-15"
