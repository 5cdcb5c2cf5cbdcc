"""Countries: the safety of lawyers beside access to justice."""

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present
from projections.boards.countries.index import countries
from projections.boards.countries.page import country_page


async def list_countries(request: HubRequest, _: Asked) -> Response:
    """Answer every country of which the caller may know something."""
    now = request.state["clock"]()
    return json_answer(await ask(request, lambda sight: countries(sight.papers(now))))


async def show_country(request: HubRequest, _: Asked) -> Response:
    """Answer what is known of a country."""
    now, code = request.state["clock"](), request.path_params["code"]
    return json_answer(present(await ask(request, lambda sight: country_page(sight.papers(now), code))))
