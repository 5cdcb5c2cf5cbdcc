"""Downloads of figures: SDMX-CSV 2.0 columns, or the form of SDMX-JSON 2.0 with definitions and coverage beside."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from starlette.responses import Response

from events.event import Json
from events.moments import stamp
from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer
from projections.boards.indicators.download import ATTRIBUTES, DIMENSIONS, NOTE, Download, download
from schemas.cells import harmless

STRUCTURE = ("dataflow", "HUB:LEGAL_AID(1.0.0)", "I")
"""The first three columns of SDMX-CSV 2.0; I: information, nothing is to be replaced or deleted."""

COLUMNS = (*DIMENSIONS, "OBS_VALUE", *ATTRIBUTES)
CSV = "text/csv; charset=utf-8"

_KEY, _SAID = itemgetter(*DIMENSIONS), itemgetter("OBS_VALUE", *ATTRIBUTES)
"""What finds an observation, and what is said of it."""

_SCHEMA = "https://json.sdmx.org/2.0.0/sdmx-json-data-schema.json"


async def show_data(request: HubRequest, asked: Asked) -> Response:
    """Answer the figures that fit, as a table or with all that explains them."""
    now = request.state["clock"]()
    wanted = asked["indicator"], asked["country"], asked["period"]
    found = await ask(request, lambda sight: download(sight.papers(now), *wanted))
    if asked["format"] == "json":
        return json_answer(as_json(found, now))
    headers = {"content-disposition": 'attachment; filename="legal-aid.csv"'}
    return Response(as_csv(found.rows), 200, headers, CSV)


def as_csv(rows: Sequence[Mapping[str, Json]]) -> bytes:
    """Return a table of SDMX-CSV 2.0; a text that a spreadsheet would compute is quoted by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS))
    for row in rows:
        writer.writerow((*STRUCTURE, *(_cell(row[name]) for name in COLUMNS)))
    return out.getvalue().encode()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    return harmless(value)


def as_json(found: Download, now: datetime) -> Json:
    """Return the figures in the form of SDMX-JSON 2.0, and `definitions`, `coverage` and a `note` beside them."""
    codes = {name: sorted({row[name] for row in found.rows}) for name in DIMENSIONS}
    places = [{code: str(place) for place, code in enumerate(codes[name])} for name in DIMENSIONS]
    observations = {
        ":".join([own[code] for own, code in zip(places, _KEY(row), strict=True)]): _SAID(row)
        for row in found.rows
    }
    dimensions = [
        {"id": name, "keyPosition": place, "values": [{"id": code} for code in codes[name]]}
        for place, name in enumerate(DIMENSIONS)
    ]
    structure = {
        "dataSets": [0],
        "dimensions": {"observation": dimensions},
        "measures": {"observation": [{"id": "OBS_VALUE"}]},
        "attributes": {"observation": [{"id": name} for name in ATTRIBUTES]},
    }
    data = {"structure": 0, "action": "Information", "observations": observations}
    return {
        "meta": {
            "schema": _SCHEMA,
            "id": STRUCTURE[1],
            "prepared": stamp(_day(now)),
            "sender": {"id": "HUB"},
        },
        "data": {"structures": [structure], "dataSets": [data]},
        "definitions": found.definitions,
        "coverage": found.coverage,
        "note": NOTE,
    }


def _day(now: datetime) -> datetime:
    """Return the beginning of a day: the same is answered as long as nothing changed, and on any hub."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
