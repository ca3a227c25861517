"""Data sets: what there is, pages of items, their pictures."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from flask import Response
from numpy.typing import NDArray
from pydantic import Field

from layerwalk.catalogue import Wish
from layerwalk.drawing import png, scaled, thumbnail_sheet
from layerwalk.http.answers import immutable, message, picture, unchanged
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query, json_answer
from layerwalk.inputs.datasets import checked_item
from layerwalk.surveys.scores import Scores
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.messages import (
    DatasetItem,
    DatasetList,
    DatasetPage,
    ItemOrder,
    SurveyState,
)
from layerwalk_shared.routes import DATASETS, ITEM, ITEMS, SHEET


class ArrangedQuery(Query):
    """Which items, in which order."""

    offset: Annotated[int, Field(ge=0, description="First item, in the order asked for.")] = 0
    label: Annotated[str | None, Field(max_length=500, description="Only items of that class.")] = (
        None
    )
    text: Annotated[
        str,
        Field(
            max_length=200,
            description="Only items whose name or class contains it; case does not count.",
        ),
    ] = ""
    order: Annotated[
        ItemOrder,
        Field(
            description="By index; mistakes first, the surest at the front; what is right first; "
            "or by the probability of the answer. All but the first need `network`."
        ),
    ] = "index"
    network: Annotated[
        str | None, Field(max_length=100, description="Whose scores the items are told with.")
    ] = None


class PageQuery(ArrangedQuery):
    """Query of a page."""

    limit: Annotated[int, Field(ge=1, description="Items at most; see limits.")] = 100


class SheetQuery(ArrangedQuery):
    """Query of a sheet."""

    limit: Annotated[int, Field(ge=1, description="Items at most; see limits.")] = 64
    side: Annotated[int, Field(ge=8, le=512, description="Pixels of a thumbnail.")] = 64
    items: Annotated[
        str | None,
        Field(
            max_length=4096,
            pattern=r"^\d{1,9}(,\d{1,9})*$",
            description="The items themselves, as in `7,3,12`, in place of a query.",
        ),
    ] = None


class ItemQuery(Query):
    """Query of an item."""

    size: Annotated[
        int | None, Field(ge=1, le=4096, description="Pixels of the longer side; native without.")
    ] = None


def list_datasets(context: Context, query: Query) -> Response:
    return message(DatasetList(datasets=context.session.datasets()))


def list_items(context: Context, query: PageQuery, *, dataset: str) -> Response:
    session = context.session
    scores, state = _scores(context, query, dataset)
    arranged = _arranged(context, query, dataset, scores)
    span = _span(len(arranged), query.offset, query.limit, context.limits.page_items)
    items = []
    for index in arranged[span.start : span.stop].tolist():
        name, label = session.catalogue.named(dataset, index)
        answer = None if scores is None else scores.prediction(index)
        items.append(
            DatasetItem(
                index=index,
                name=name,
                label=label,
                prediction=None if answer is None else answer[0],
                probability=None if answer is None else answer[1],
                is_right=None if scores is None else scores.verdict(index),
            )
        )
    page = DatasetPage(
        dataset=dataset,
        offset=query.offset,
        total=len(arranged),
        items=tuple(items),
        scores=state,
    )
    return message(page)


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
    largest = context.limits.sheet_items
    if query.items is None:
        scores, _ = _scores(context, query, dataset)
        arranged = _arranged(context, query, dataset, scores)
        span = _span(len(arranged), query.offset, query.limit, largest)
        indices: list[int] = arranged[span.start : span.stop].tolist()
        if not indices:
            raise NotFoundError(f"no item from {query.offset} on in data set {dataset!r}")
    else:
        indices = [int(one) for one in query.items.split(",")]
        if len(indices) > largest:
            raise InvalidRequestError(f"{len(indices)} items, expected at most {largest}")
        strange = next((one for one in indices if one >= len(found)), None)
        if strange is not None:
            raise NotFoundError(
                f"item {strange} is not in data set {dataset!r} (0 to {len(found) - 1})"
            )
    if known := unchanged(context.session.id, indices):
        return known
    catalogue = context.session.catalogue
    thumbnails = [catalogue.thumbnail(dataset, one, side=query.side) for one in indices]
    return _kept(context, png(thumbnail_sheet(thumbnails, side=query.side)), indices)


def _scores(
    context: Context, query: ArrangedQuery, dataset: str
) -> tuple[Scores | None, SurveyState]:
    context.session.dataset(dataset)
    if query.network is None:
        return None, "none"
    return context.session.surveyor.scores(query.network, dataset)


def _arranged(
    context: Context, query: ArrangedQuery, dataset: str, scores: Scores | None
) -> NDArray[np.intp]:
    wish = Wish(label=query.label, text=query.text, order=query.order)
    return context.session.catalogue.arranged(dataset, wish, scores)


def _span(count: int, offset: int, limit: int, largest: int) -> range:
    if limit > largest:
        raise InvalidRequestError(f"limit {limit}, expected at most {largest}")
    return range(min(offset, count), min(offset + limit, count))


def _kept(context: Context, data: bytes, *more: object) -> Response:
    """Return a picture that holds as long as this session; who kept it asks whether it does."""
    response = immutable(picture(data), context.session.id, *more)
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
        text=(
            "All of them, or those of a class or with a word in their name. With `network`, each "
            "item is told with what that network answered, as far as it was scored."
        ),
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
            "A thumbnail whose picture cannot be read is plain red. The items are listed, or asked "
            "for by the query of a page."
        ),
        query=SheetQuery,
        answers={200: (Answer("image/png", "The sheet."),)},
    ),
)
