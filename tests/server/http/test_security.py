"""Who may ask: the token and nothing else, names of this machine, origins that were named."""

from __future__ import annotations

import pytest

from layerwalk.http.app import make_app
from layerwalk.http.security import host_name, is_loopback
from layerwalk.http.serving import serve
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.errors import InvalidRequestError

TOKEN = "correct-horse-battery"
SESSION = routes.SESSION.url()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer ÿ"},
        {"Cookie": f"token={TOKEN}"},
        {"X-Token": TOKEN},
    ],
)
def test_without_the_token_nothing_is_answered(session: Session, headers: dict[str, str]) -> None:
    web = make_app(session, token=TOKEN).test_client()
    for url in (SESSION, routes.HEALTH.url(), routes.HOME.url(), "/nothing", "/"):
        response = web.get(url, headers=headers)
        assert response.status_code == 401, url
        assert response.json["code"] == "unauthorized"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert TOKEN not in response.text
    assert web.get(f"{SESSION}?token={TOKEN}").status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token_everything_is_as_without_one(session: Session, scheme: str) -> None:
    web = make_app(session, token=TOKEN).test_client()
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert web.get(SESSION, headers=headers).json == session.describe().model_dump(mode="json")
    document = web.get(routes.OPENAPI.url(), headers=headers).json
    assert document["security"] == [{"token": []}]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:5570", "127.0.0.1:80", "[::1]:5570", "[::1]"]
)
def test_names_of_this_machine_are_answered_on_loopback(session: Session, host: str) -> None:
    web = make_app(session).test_client()
    assert web.get(SESSION, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:5570", "[::2]", "", "192.0.2.1"],
)
def test_other_names_are_not(session: Session, host: str) -> None:
    web = make_app(session).test_client()
    response = web.get(SESSION, headers={"Host": host})
    assert response.status_code == 421
    assert response.json["code"] == "misdirected"
    assert make_app(session, is_loopback=False).test_client().get(
        SESSION, headers={"Host": "my.server"}
    ).status_code == 200  # fmt: skip


def test_no_web_page_may_read_answers_but_those_of_named_origins(session: Session) -> None:
    here, there = "https://tool.example", "https://other.example"
    closed = make_app(session).test_client().get(SESSION, headers={"Origin": here})
    assert "Access-Control-Allow-Origin" not in closed.headers
    web = make_app(session, token=TOKEN, origins=[here]).test_client()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = web.get(SESSION, headers={"Origin": here, **bearer})
    assert answer.headers["Access-Control-Allow-Origin"] == here
    assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = web.get(SESSION, headers={"Origin": there, **bearer})
    assert "Access-Control-Allow-Origin" not in refused.headers
    preflight = web.options(
        routes.INPUT.url(network="n1"),
        headers={
            "Origin": here,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == here
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("origin", ["*", "tool.example", "ftp://a", "https://a/path", ""])
def test_an_origin_that_is_none_is_refused_at_the_start(session: Session, origin: str) -> None:
    with pytest.raises(InvalidRequestError, match="origin"):
        make_app(session, origins=[origin])


def test_beyond_this_machine_a_token_is_needed(session: Session) -> None:
    with pytest.raises(InvalidRequestError, match="needs a token"):
        serve(session, host="0.0.0.0")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_is_known_by_its_address(host: str, *, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_host_header_is_split_from_its_port() -> None:
    assert host_name("Localhost:80") == "localhost"
    assert host_name("[::1]:80") == "[::1]"
    assert host_name("[::1]") == "[::1]"
