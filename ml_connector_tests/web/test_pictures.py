"""The pictures of the documentation are there, of the size a page shows, and small enough for everyone's clone."""

import struct

import pytest

from scripts.screenshots import IMAGES, LARGEST_BYTES, PAGES, Shown, pictures

PICTURES = pictures(
    "http://ui",
    "http://portal",
    Shown(
        "run",
        "company",
        "invoice",
        "file:///statement.html",
        "file:///audit.html",
        {name: f"file:///{name}.html" for name in PAGES},
    ),
)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_there_and_small(name: str) -> None:
    data = (IMAGES / f"{name}.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == PICTURES[name].size
    assert len(data) <= LARGEST_BYTES


def test_there_are_no_others() -> None:
    assert {file.stem for file in IMAGES.iterdir()} == PICTURES.keys()
