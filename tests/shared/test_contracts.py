"""Errors cross the wire as themselves; URLs are made and read by one table; verbs load lazily."""

import sys

import pytest

from layerwalk_shared import command, errors, routes
from layerwalk_shared.errors import LayerwalkError, error_from_problem
from layerwalk_shared.routes import Route


def every_error() -> list[type[LayerwalkError]]:
    found = [LayerwalkError]
    for cls in found:
        found.extend(cls.__subclasses__())
    return found


@pytest.mark.parametrize("cls", every_error())
def test_an_error_comes_back_as_its_class(cls: type[LayerwalkError]) -> None:
    problem = cls("what came, what was expected").problem()
    again = error_from_problem(problem)
    assert type(again) is cls
    assert str(again) == "what came, what was expected"
    assert problem["status"] == cls.status
    assert problem["type"].endswith(cls.code)


def test_codes_are_unique() -> None:
    codes = [cls.code for cls in every_error()]
    assert len(codes) == len(set(codes))


def test_an_unknown_problem_is_still_an_error() -> None:
    assert type(error_from_problem({"code": "from-the-future"})) is LayerwalkError


def all_routes() -> list[Route]:
    return [value for value in vars(routes).values() if isinstance(value, Route)]


def test_every_url_stands_once() -> None:
    assert len({route.rule for route in all_routes()}) == len(all_routes())
    assert len({route.name for route in all_routes()}) == len(all_routes())


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: route.name)
def test_a_url_is_read_back_by_its_rule(route: Route) -> None:
    from werkzeug.routing import Map, Rule

    parts = {
        "network": "resnet 18",
        "node": "block/a.conv:2",
        "snapshot": "s1",
        "block": 3,
        "level": 0,
        "channel": 12,
        "job": "j",
        "dataset": "d",
        "item": 7,
        "comparison": "c1",
        "step": 40,
    }
    wanted = {name: value for name, value in parts.items() if f"{name}>" in route.rule}
    adapter = Map([Rule(route.rule, endpoint=route.name)]).bind("localhost")
    from urllib.parse import unquote

    assert adapter.match(unquote(route.url(**wanted))) == (route.name, wanted)


def test_a_missing_part_is_an_error() -> None:
    with pytest.raises(KeyError):
        routes.TILE.url(snapshot="s")


def test_unknown_verbs_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["fly"]) == 2
    assert "no verb 'fly'" in capsys.readouterr().err
    assert command.main([]) == 2
    assert command.main(["--help"]) == 0


def test_a_failing_verb_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(arguments: object) -> int:
        raise errors.TargetError("'nowhere:model' does not import")

    monkeypatch.setitem(command.VERBS, "serve", (f"{__name__}:fails", ""))
    monkeypatch.setattr(sys.modules[__name__], "fails", fails, raising=False)
    assert command.main(["serve"]) == 1
    assert capsys.readouterr().err == "layerwalk serve: 'nowhere:model' does not import\n"


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)

    def without_torch(name: str) -> object:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", without_torch)
    with pytest.raises(LayerwalkError, match=r"pip install 'layerwalk\[server\]'"):
        command.load("layerwalk.cli:serve")
