"""Tests of the sandbox: both APIs, the server that hosts them and the company in them."""
