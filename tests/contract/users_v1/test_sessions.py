"""Logging in, staying logged in, and logging out."""

from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from tests.contract.users_v1.client import Api, Customer, assert_problem, assert_refuses, new_email


def test_a_login_answers_two_tokens(api: Api) -> None:
    """A login tells the tokens, their kind, their life in seconds, and whose they are; no cache may keep it."""
    user = api.register().json()
    answer = api.login(user["email"])
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access", "refresh", "token_type", "expires_in", "user"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["user"] == {"id": user["id"], "key": user["key"]}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_access_token_can_be_verified_by_anybody(api: Api, anybody: Customer) -> None:
    """The token's kid is in the JWKS document, whose key verifies it; the claims are the documented ones."""
    keys = jwt.PyJWKSet.from_dict(api.call("GET", "/.well-known/jwks.json").json())
    token = anybody.tokens["access"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="banyan", issuer="banyan")
    assert set(claims) == {"iss", "aud", "sub", "key", "scope", "iat", "exp", "jti"}
    assert (claims["sub"], claims["key"]) == (anybody.user["id"], anybody.user["key"])
    assert claims["scope"] == "customer"
    assert claims["exp"] - claims["iat"] == 900


def test_wrong_credentials_are_one_refusal(api: Api, anybody: Customer) -> None:
    """A wrong password and an unknown address are refused in the same words."""
    wrong = assert_problem(api.login(anybody.user["email"], "not the password"), 401, "bad-credentials")
    unknown = assert_problem(api.login(new_email()), 401, "bad-credentials")
    assert wrong == unknown


def test_a_refresh_replaces_the_token(api: Api, customer: Customer) -> None:
    """Each refresh answers as a login does, with a token that can be refreshed again."""
    first = api.refresh(customer.tokens["refresh"])
    assert first.status_code == 200
    assert set(first.json()) == set(customer.tokens)
    assert first.json()["refresh"] != customer.tokens["refresh"]
    assert first.json()["user"] == customer.tokens["user"]
    assert api.refresh(first.json()["refresh"]).status_code == 200


def test_a_token_used_twice_ends_its_family(api: Api, customer: Customer) -> None:
    """A second use is refused, and from then on so is every token of that login; other logins go on."""
    other = api.login(customer.user["email"]).json()
    second = api.refresh(customer.tokens["refresh"]).json()
    third = api.refresh(second["refresh"]).json()
    assert_problem(api.refresh(customer.tokens["refresh"]), 401, "bad-refresh-token")
    assert_problem(api.refresh(third["refresh"]), 401, "bad-refresh-token")
    assert api.refresh(other["refresh"]).status_code == 200


def test_of_two_uses_at_once_one_wins(api: Api, customer: Customer) -> None:
    """Six refreshes with one token at once: at most one is answered with tokens, the others with 401."""
    token = customer.tokens["refresh"]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: Api(api.base).refresh(token).status_code, range(6)))
    assert sorted(statuses) == [200] + [401] * 5


def test_a_long_chain_of_refreshes_holds(api: Api, customer: Customer) -> None:
    """Twenty rotations in a row, and only the last token is good."""
    tokens = [customer.tokens["refresh"]]
    for _ in range(20):
        tokens.append(api.refresh(tokens[-1]).json()["refresh"])
    assert len(set(tokens)) == 21
    assert_problem(api.refresh(tokens[7]), 401)


def test_a_logout_ends_the_session(api: Api, customer: Customer) -> None:
    """After a logout the token cannot be refreshed, nor can one that came from it."""
    second = api.refresh(customer.tokens["refresh"]).json()
    answer = api.users("POST", "logout", {"refresh": second["refresh"]})
    assert answer.status_code == 204
    assert answer.content == b""
    assert_problem(api.refresh(second["refresh"]), 401)


def test_logging_out_twice_is_no_mistake(api: Api, customer: Customer) -> None:
    """A logout is answered with 204 whether or not there was anything to end."""
    for token in (customer.tokens["refresh"], customer.tokens["refresh"], "never-issued"):
        assert api.users("POST", "logout", {"refresh": token}).status_code == 204


def test_more_logins_than_are_kept_end_the_oldest(api: Api, customer: Customer) -> None:
    """Ten sessions are kept; with the eleventh login the first one ends."""
    later = [api.login(customer.user["email"]).json() for _ in range(10)]
    assert_problem(api.refresh(customer.tokens["refresh"]), 401)
    assert api.refresh(later[0]["refresh"]).status_code == 200


@pytest.mark.parametrize("path", ["token/refresh", "logout"])
@pytest.mark.parametrize("token", ["", None, 7, "x" * 201, "with\x00null"])
def test_what_is_no_refresh_token_is_refused(api: Api, path: str, token: object) -> None:
    """A refresh token is a text of at most 200 characters."""
    expected = api.users("POST", path, {"refresh": token})
    if token == 7:
        assert expected.status_code in {204, 401}  # a number is read as text
    else:
        assert_refuses(expected, "refresh")


def test_login_needs_both_fields(api: Api) -> None:
    """Without e-mail address and password there is nothing to try."""
    assert_refuses(api.users("POST", "login", {}), "email", "password")
    assert_refuses(api.users("POST", "login", {"email": "a\x00@example.org", "password": "12345678"}), "email")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer " + "a" * 4000])
def test_without_a_valid_token_there_is_no_profile(api: Api, header: str) -> None:
    """A missing or bad access token is a 401 that says how to authenticate."""
    answer = api.call("GET", "/api/v1/users/me", Authorization=header)
    assert_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_of_another_signer_is_refused(api: Api, anybody: Customer) -> None:
    """Claims signed by another key, or by none, open nothing."""
    claims = jwt.decode(anybody.tokens["access"], options={"verify_signature": False})
    kid = jwt.get_unverified_header(anybody.tokens["access"])["kid"]
    for forged in (
        jwt.encode(claims, "a-secret-that-is-long-enough-for-hs256", algorithm="HS256", headers={"kid": kid}),
        jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
    ):
        assert_problem(api.users("GET", "me", token=forged), 401)
