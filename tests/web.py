"""HTTP for tests: httpx with one TLS context for all, as each client else reads all certificates for 60 ms."""

from functools import partial

import httpx

TLS = httpx.create_ssl_context()

get = partial(httpx.get, verify=TLS)
post = partial(httpx.post, verify=TLS)
request = partial(httpx.request, verify=TLS)
Client = partial(httpx.Client, verify=TLS)
AsyncClient = partial(httpx.AsyncClient, verify=TLS)
