"""The OpenAPI 3.1 document, built from the table of operations and the messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from layerwalk.http.operations import Answer, Operation
from layerwalk_shared.errors import PROBLEM_MEDIA_TYPE
from layerwalk_shared.messages import PROTOCOL_VERSION
from layerwalk_shared.routes import HEALTH

REFERENCE = "#/components/schemas/{model}"
_PART = re.compile(r"<(?:(int|path):)?(\w+)>")
_PART_TEXT = {
    "network": "Id of a network.",
    "snapshot": "Id of a snapshot.",
    "node": "Id of a node; slashes in it are quoted.",
    "block": "Block of at most 256 channels.",
    "level": "Mip level; 0 is full resolution.",
    "channel": "Channel as drawn.",
    "comparison": "Id of a comparison.",
    "job": "Id of a job.",
    "dataset": "Id of a data set.",
    "step": "Step of a training.",
    "item": "Index of an item.",
}
_PROBLEM_TEXT = {
    400: "The body is not what it says.",
    401: "The token is missing or wrong.",
    404: "There is no such thing.",
    410: "It was dropped to keep within memory; ids never come back.",
    413: "Over a limit.",
    415: "A body of a kind that is not taken.",
    422: "Understood, but it cannot be meant.",
    503: "Busy; try again after `Retry-After` seconds.",
}
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `detail` is one sentence for a person.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code"],
}


def document(operations: Iterable[Operation], *, version: str, needs_token: bool) -> dict[str, Any]:
    """Return the OpenAPI document of these operations."""
    operations = tuple(operations)
    components = _components(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = _PART.sub(r"{\2}", operation.route.rule)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    made: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Layerwalk",
            "version": version,
            "summary": f"A live PyTorch network over HTTP, protocol {PROTOCOL_VERSION}.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": components | {"Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    if needs_token:
        made["security"] = [{"token": []}]
    return made


def _components(operations: Iterable[Operation]) -> dict[str, Any]:
    models: set[type[BaseModel]] = set()
    unions: dict[str, Any] = {}
    for operation in operations:
        for answers in operation.answers.values():
            models.update(answer.model for answer in answers if answer.model is not None)
        for body in operation.bodies.values():
            if isinstance(body, type) and issubclass(body, BaseModel):
                models.add(body)
            elif not isinstance(body, dict):
                unions |= TypeAdapter(body).json_schema(ref_template=REFERENCE)["$defs"]
    _, defined = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template=REFERENCE,
    )
    return {**unions, **defined.get("$defs", {})}


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": f"{operation.method.lower()}_{operation.route.name}",
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {
            str(status): _response(answers) for status, answers in operation.answers.items()
        },
    }
    if operation.text:
        made["description"] = operation.text
    if operation.bodies:
        made["requestBody"] = {
            "required": not operation.is_body_optional,
            "content": {
                media_type: {"schema": _body_schema(body)}
                for media_type, body in operation.bodies.items()
            },
        }
    errors = {400, 401, 422, *operation.errors} if operation.route is not HEALTH else {401}
    for status in sorted(errors):
        made["responses"][str(status)] = {
            "description": _PROBLEM_TEXT[status],
            "content": {
                PROBLEM_MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}
            },
        }
    return made


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PART_TEXT[name],
            "schema": {"type": "integer", "minimum": 0} if kind == "int" else {"type": "string"},
        }
        for kind, name in _PART.findall(operation.route.rule)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    properties = operation.query.model_json_schema(ref_template=REFERENCE).get("properties", {})
    parameters = []
    for name, schema in properties.items():
        schema.pop("title", None)
        text = schema.pop("description", "")
        parameters.append(
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
        )
    return parameters


def _response(answers: tuple[Answer, ...]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for answer in answers:
        if answer.media_type is not None:
            content[answer.media_type] = {"schema": _answer_schema(answer)}
    return {"description": " ".join(answer.text for answer in answers), "content": content}


def _answer_schema(answer: Answer) -> dict[str, Any]:
    if answer.model is not None:
        return {"$ref": REFERENCE.format(model=answer.model.__name__)}
    is_text = answer.media_type is not None and answer.media_type.startswith("text/")
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}


def _body_schema(body: Any) -> dict[str, Any]:
    if isinstance(body, dict):
        return body
    if isinstance(body, type) and issubclass(body, BaseModel):
        return {"$ref": REFERENCE.format(model=body.__name__)}
    schema = TypeAdapter(body).json_schema(ref_template=REFERENCE)
    schema.pop("$defs", None)
    return schema
