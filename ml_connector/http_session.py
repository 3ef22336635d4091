"""The HTTP session under the transport: what it takes from this machine, and what it must not."""

import http.cookiejar

import requests
from requests.adapters import HTTPAdapter

from ml_connector.version import version


def user_agent() -> str:
    """Return the User-Agent both APIs see, with the installed version."""
    known = version()
    return f"ml-connector/{known}" if known else "ml-connector"


def new_session(pool_size: int) -> requests.Session:
    """Return a session that takes proxies from the environment, but credentials and cookies from nowhere."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=pool_size, pool_maxsize=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = user_agent()
    session.trust_env = True
    # Without an auth object of its own, requests would put what a .netrc file holds for the host in place of the
    # bearer token.
    session.auth = _keep_headers
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return session


def _keep_headers(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request's own headers as they are."""
    return prepared
