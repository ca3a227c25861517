"""Data sets: what there is, pages of items, their pictures."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field

from layerwalk.drawing import png, scaled, thumbnail_sheet
from layerwalk.http.answers import immutable, message, picture, unchanged
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query, json_answer
from layerwalk.inputs.datasets import Dataset, checked_item, name_and_label
from layerwalk.inputs.pictures import Picture
from layerwalk_shared.errors import DatasetError, InvalidRequestError, NotFoundError
from layerwalk_shared.messages import DatasetItem, DatasetList, DatasetPage
from layerwalk_shared.routes import DATASETS, ITEM, ITEMS, SHEET


class PageQuery(Query):
    """Query of a page."""

    offset: Annotated[int, Field(ge=0, description="First item.")] = 0
    limit: Annotated[int, Field(ge=1, description="Items at most; see limits.")] = 100


class SheetQuery(Query):
    """Query of a sheet."""

    offset: Annotated[int, Field(ge=0, description="First item.")] = 0
    limit: Annotated[int, Field(ge=1, description="Items at most; see limits.")] = 64
    side: Annotated[int, Field(ge=8, le=512, description="Pixels of a thumbnail.")] = 64


class ItemQuery(Query):
    """Query of an item."""

    size: Annotated[
        int | None, Field(ge=1, le=4096, description="Pixels of the longer side; native without.")
    ] = None


def list_datasets(context: Context, query: Query) -> Response:
    return message(DatasetList(datasets=context.session.datasets()))


def list_items(context: Context, query: PageQuery, *, dataset: str) -> Response:
    found = context.session.dataset(dataset)
    span = _span(found, query.offset, query.limit, context.limits.page_items)
    named = ((index, *name_and_label(found, index)) for index in span)
    items = tuple(DatasetItem(index=index, name=name, label=label) for index, name, label in named)
    return message(DatasetPage(dataset=dataset, offset=query.offset, total=len(found), items=items))


def show_item(context: Context, query: ItemQuery, *, dataset: str, item: int) -> Response:
    found = context.session.dataset(dataset)
    if not item < len(found):
        raise NotFoundError(f"item {item} is not in data set {dataset!r} (0 to {len(found) - 1})")
    if known := unchanged(context.session.id):
        return known
    image = checked_item(found, item).image
    return _kept(context, png(scaled(image, query.size, largest=context.limits.picture_side)))


def show_sheet(context: Context, query: SheetQuery, *, dataset: str) -> Response:
    found = context.session.dataset(dataset)
    span = _span(found, query.offset, query.limit, context.limits.sheet_items)
    if not span:
        raise NotFoundError(f"no item from {query.offset} on in data set {dataset!r}")
    if known := unchanged(context.session.id):
        return known
    thumbnails = [_readable(found, index) for index in span]
    return _kept(context, png(thumbnail_sheet(thumbnails, side=query.side)))


def _readable(dataset: Dataset, index: int) -> Picture | None:
    try:
        return checked_item(dataset, index).image
    except DatasetError:  # one broken file does not take the sheet away; its cell says so
        return None


def _span(dataset: Dataset, offset: int, limit: int, largest: int) -> range:
    if limit > largest:
        raise InvalidRequestError(f"limit {limit}, expected at most {largest}")
    return range(min(offset, len(dataset)), min(offset + limit, len(dataset)))


def _kept(context: Context, data: bytes) -> Response:
    """Return a picture that holds as long as this session; who kept it asks whether it does."""
    response = immutable(picture(data), context.session.id)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


OPERATIONS = (
    Operation(
        "GET",
        DATASETS,
        list_datasets,
        tag="datasets",
        summary="The data sets to pick inputs from",
        answers={200: json_answer(DatasetList, "Data sets.")},
        errors=(),
    ),
    Operation(
        "GET",
        ITEMS,
        list_items,
        tag="datasets",
        summary="A page of a data set's items",
        query=PageQuery,
        answers={200: json_answer(DatasetPage, "Names and labels.")},
    ),
    Operation(
        "GET",
        ITEM,
        show_item,
        tag="datasets",
        summary="An item's picture as PNG",
        query=ItemQuery,
        answers={200: (Answer("image/png", "The picture."),)},
        errors=(404, 413),
    ),
    Operation(
        "GET",
        SHEET,
        show_sheet,
        tag="datasets",
        summary="Thumbnails of many items in one PNG",
        text=(
            "Squares in row order in a nearly square grid: columns = ceil(sqrt(n)) for n thumbnails. "
            "A thumbnail whose picture cannot be read is plain red."
        ),
        query=SheetQuery,
        answers={200: (Answer("image/png", "The sheet."),)},
    ),
)
