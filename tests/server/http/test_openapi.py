"""The OpenAPI document lists exactly what the app answers, and every reference in it resolves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from layerwalk_shared import routes
from layerwalk_shared.routes import Route

KNOWN = [value for value in vars(routes).values() if isinstance(value, Route)]


@pytest.fixture
def document(web: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = web.get(routes.OPENAPI.url()).json
    return found


def every(node: Any, key: str) -> Iterator[Any]:
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from every(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from every(value, key)


def test_it_lists_exactly_the_routes(document: dict[str, Any], web: FlaskClient) -> None:
    described = {
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    answered = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in web.application.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert described == answered
    assert {path for path, _ in described} == {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule) for route in KNOWN
    }


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    references = set(every(document, "$ref"))
    assert references
    for reference in references:
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in document["components"]["schemas"], reference


def test_every_operation_is_told_with_its_parts_answers_and_problems(
    document: dict[str, Any],
) -> None:
    assert document["openapi"].startswith("3.1")
    names = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names.add(operation["operationId"])
            in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"]
            assert any(status.startswith("2") for status in operation["responses"])
            assert "401" in operation["responses"]
            for parameter in operation["parameters"]:
                assert parameter["description"], (path, method, parameter["name"])
    assert len(names) == sum(len(methods) for methods in document["paths"].values())


def test_defaults_and_bounds_of_the_query_are_told(document: dict[str, Any]) -> None:
    path = "/api/v1/snapshots/{snapshot}/nodes/{node}/stats"
    parameters = document["paths"][path]["get"]["parameters"]
    bins = next(one for one in parameters if one["name"] == "bins")
    assert bins["schema"] == {"default": 64, "maximum": 1024, "minimum": 1, "type": "integer"}


def test_the_kinds_of_input_are_told_apart(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/v1/networks/{network}/input"]["post"]["requestBody"][
        "content"
    ]
    assert set(content) == {
        "image/png", "image/jpeg", "image/webp", "application/x-npy", "audio/wav", "audio/x-wav",
        "audio/wave", "audio/vnd.wave", "text/csv", "application/octet-stream", "application/json",
    }  # fmt: skip
    schema = content["application/json"]["schema"]
    assert set(schema["discriminator"]["mapping"]) == {
        "dataset", "noise", "channel", "text", "example", "snapshot",
    }  # fmt: skip
