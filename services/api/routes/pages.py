"""The built page. Files with a hash in their name never change; everything else is asked for again each time."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from services.api.routes.parts import AllParts, Refusal

router = APIRouter(include_in_schema=False)

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Floorwatch</title>
<meta name="viewport" content="width=device-width">
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}</style>
<h1>The pages have not been built</h1><p>The API runs. Build the wall with <code>make setup</code>, or set
<code>FLOORWATCH_PAGES_DIR</code> to a folder that holds it, and load this page again.</p>
<div lang="zh"><h1>页面尚未构建</h1><p>API 正在运行。请执行 <code>make setup</code> 构建页面，或将
<code>FLOORWATCH_PAGES_DIR</code> 设为页面所在目录，然后刷新。</p></div></html>"""


def _file(folder: Path, path: str) -> Path | None:
    """The file of a path, if it lies in the folder."""
    root = folder.resolve()
    wanted = (root / path).resolve()
    return wanted if wanted.is_relative_to(root) and wanted.is_file() else None


@router.get("/{path:path}")
async def page(path: str, parts: AllParts) -> Response:
    """A file of the page; the page itself for its own addresses, such as /queues/bank/PS."""
    if path == "v1" or path.startswith("v1/"):
        raise Refusal(404, "no_such_address", "There is nothing here. GET /openapi.json lists what there is.")
    folder = parts.settings.pages_dir
    found = _file(folder, path) if path and "\0" not in path else None
    if found is not None:
        hashed = path.startswith("assets/")
        return FileResponse(found, headers={"cache-control": FOR_EVER if hashed else ASK_AGAIN})
    if path.startswith("assets/"):
        raise Refusal(404, "no_such_file", "This file is not part of the pages. Load the page again.")
    index = _file(folder, "index.html")
    if index is None:
        return HTMLResponse(NOT_BUILT, status_code=503, headers={"cache-control": "no-store"})
    return FileResponse(index, headers={"cache-control": ASK_AGAIN})
