"""Imports of the pages' scripts point one way: page, views, store, model; from a page to browser/, not back."""

import re

import pytest

from tests.scripts import LAZY_IMPORT, imports_of, scripts

LAYERS = ("vendor", "kit", "net", "model", "store", "views", "page")  # each may import itself and what is before it
MODEL_MAY_IMPORT = {"model"}


def layer_of(script: str) -> str:
    """The folder says it, or the file's name; what is neither belongs to the page itself."""
    parts = re.split(r"[/.]", script)
    return next((layer for layer in LAYERS if layer in parts), "page")


def may_import(script: str, other: str) -> bool:
    room, other_room = script.split("/")[0], other.split("/")[0]
    layer, other_layer = layer_of(script), layer_of(other)
    if other_room not in (room, "browser") and not (layer == "page" and other_room == "realtime"):
        return False
    if layer == "model":
        return other_layer in MODEL_MAY_IMPORT
    return LAYERS.index(other_layer) <= LAYERS.index(layer)


@pytest.mark.parametrize("script", scripts())
def test_imports_point_one_way(script: str) -> None:
    imported = imports_of(script) | imports_of(script, LAZY_IMPORT)
    assert imported <= set(scripts())
    assert {other for other in imported if not may_import(script, other)} == set()


def test_an_import_that_points_up_is_found() -> None:
    assert imports_of("chatbot/chat.js") > {"browser/net/http.js", "realtime/stream.js"}
    assert imports_of("workbench/workbench.js", LAZY_IMPORT) == {
        "workbench/search.js",
        "workbench/views/attention.js",
        "workbench/written_out.js",
    }
    assert not may_import("browser/net/http", "browser/talk/views/bubble")
    assert not may_import("browser/talk/model/transcript", "browser/kit/text")
    assert not may_import("workbench/store", "chatbot/store")
    assert not may_import("workbench/views/inbox", "realtime/stream")
    assert may_import("workbench/page", "workbench/store")
