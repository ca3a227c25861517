"""A Graph that exists is consistent; everything else is refused with a sentence."""

import pytest

from layerwalk_shared.errors import GraphError, NotFoundError
from layerwalk_shared.graph import Edge, Graph, Group, Node, make_graph
from layerwalk_shared.views import grid_shape, picture_shape


def node(name: str, **changes: object) -> Node:
    fields: dict[str, object] = {
        "id": name,
        "name": name,
        "kind": "module",
        "operation": "Conv2d",
        "shape": (4, 3, 2),
        "view": "maps",
        "channels": 4,
        "height": 3,
        "width": 2,
    }
    return Node(**(fields | changes))  # type: ignore[arg-type]


def diamond() -> Graph:
    return make_graph(
        tuple(node(name) for name in "abcd"),
        (
            Edge(source="a", target="b"),
            Edge(source="a", target="c"),
            Edge(source="c", target="d", slot=0),
            Edge(source="b", target="d", slot=1),
        ),
    )


def test_neighbours_follow_the_edges() -> None:
    graph = diamond()
    assert graph.predecessors == {"a": (), "b": ("a",), "c": ("a",), "d": ("c", "b")}
    assert graph.successors == {"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}
    assert graph.index["c"] == 2


def test_json_round_trip_is_the_identity() -> None:
    graph = diamond()
    assert graph.predecessors
    assert Graph.model_validate_json(graph.model_dump_json()) == graph


@pytest.mark.parametrize(
    ("nodes", "edges", "groups", "says"),
    [
        (("a", "a"), (), (), "node 'a' stands twice"),
        (("a", "b"), (("a", "x"),), (), "no node 'x'"),
        (("conv1", "b"), (("conv2", "b"),), (), "nearest: 'conv1'"),
        (("a", "b"), (("b", "a"),), (), "a cycle"),
        (("a", "b"), (("a", "a"),), (), "a cycle"),
        (("a", "b"), (("a", "b"), ("a", "b")), (), "stands twice"),
        (("a",), (), (("g", "h"),), "no parent group 'h'"),
        (("a",), (), (("g", "h"), ("h", "g")), "contains itself"),
        (("a",), (), (("g", None), ("g", None)), "group 'g' stands twice"),
    ],
)
def test_contradictions_are_refused(nodes, edges, groups, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GraphError, match=says):
        make_graph(
            tuple(node(name) for name in nodes),
            tuple(Edge(source=source, target=target) for source, target in edges),
            tuple(Group(id=name, name=name, parent=parent) for name, parent in groups),
        )


def test_a_node_in_a_group_that_is_not_there_is_refused() -> None:
    with pytest.raises(GraphError, match="no group 'g'"):
        make_graph((node("a", group="g"),))


def test_an_unknown_node_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"'layer1\.conv' is not in .*nearest: 'layer1\.conv1'"):
        make_graph((node("layer1.conv1"),)).node("layer1.conv")


def test_graphs_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        diamond().nodes[0].name = "x"  # type: ignore[misc]


@pytest.mark.parametrize("count", range(1, 200))
def test_the_grid_is_nearly_square_and_holds_all(count: int) -> None:
    rows, columns = grid_shape(count)
    assert rows * columns >= count > (rows - 1) * columns
    assert rows <= columns <= rows + 1
    assert (columns - 1) ** 2 < count <= columns**2


@pytest.mark.parametrize(
    ("view", "shape", "pictures"),
    [
        ("maps", (64, 56, 48), (64, 56, 48)),
        ("maps", (8, 3, 5, 7), (8, 15, 7)),
        ("image", (3, 20, 30), (1, 20, 30)),
        ("vector", (101,), (1, 10, 11)),
        ("vector", (), (1, 1, 1)),
        ("tokens", (197, 768), (1, 197, 768)),
        ("tokens", (12, 197, 197), (12, 197, 197)),
        ("grid", (197, 768), (768, 14, 14)),
        ("grid", (16, 5), (5, 4, 4)),
        ("volume", (4, 5, 6, 7), (4, 12, 21)),
        ("frames", (5, 4, 6, 7), (4, 12, 21)),
    ],
)
def test_pictures_of_a_view(view, shape, pictures) -> None:  # type: ignore[no-untyped-def]
    assert picture_shape(view, shape) == pictures
