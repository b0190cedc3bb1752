"""Owners' complaints about cars to the US road safety agency NHTSA: https://www.nhtsa.gov/nhtsa-datasets-and-apis

Target: make, model and year as the agency writes them, such as ferrywell/f-150/2023. Terms: US government data, free
for any use; the agency does not verify what is alleged. No key, no limit told. Each answer holds all complaints about
that model and year; one of more than 5 MB (some 3,000 complaints) is refused. `about` is the parts concerned.
"""

import re
from datetime import datetime

import httpx

from earful.connectors import body, text
from earful.connectors.types import ConnectorError, Cursor, Mention, Page


def request(target: str, cursor: Cursor) -> httpx.Request:  # noqa: ARG001 - it always gives all
    """Asks for every complaint about a model of one year."""
    vehicle = re.fullmatch(r"(\w[\w .&'-]{0,49})/(\w[\w ./&'()+-]{0,79})/((?:19|20)[0-9]{2})", target)
    if not vehicle:
        raise ValueError(f"nhtsa: {target!r} is no make, model and year; write them like ferrywell/f-150/2023")
    query = {"make": vehicle[1], "model": vehicle[2], "modelYear": vehicle[3]}
    address = "https://api.nhtsa.gov/complaints/complaintsByVehicle"
    return httpx.Request("GET", address, params=query, headers={"Accept": "application/json"})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads complaints; none where there were some before is taken for a fault."""
    answer, read = body.json_value(response.content), text.read_at(response)
    found = answer if isinstance(answer, list) else body.fields(answer).get("results")
    if not isinstance(found, list):
        raise ConnectorError(f"expected a list of complaints: {text.line(body.fields(answer).get('message'))}")
    if not found and cursor.get("count"):
        raise ConnectorError("no complaint where there were some before; asked again later")
    complaints = {text.identity(one.get("odiNumber")) or str(one): one for one in map(body.fields, found)}
    return text.page([_mention(one, read) for one in complaints.values()], {"count": len(complaints)})


def _mention(complaint: dict[str, object], read: datetime) -> Mention | str:
    products = [body.fields(product) for product in body.items(complaint.get("products"))]
    vehicle = next((product for product in products if product.get("productModel")), {})
    parts = re.split(r",(?! )", text.line(complaint.get("components")))  # "FUEL SYSTEM, GASOLINE" is one part
    name = " ".join(text.line(vehicle.get(f"product{part}"), 100) for part in ("Year", "Make", "Model"))
    return text.mention(
        id=complaint.get("odiNumber"),
        published=_day(complaint.get("dateComplaintFiled")) or _day(complaint.get("dateOfIncident")),
        read=read,
        title=text.plain(complaint.get("summary"), 9) and name,  # a name alone says nothing
        text=complaint.get("summary"),
        about="; ".join(part.strip() for part in parts if part.strip()),
    )


def _day(value: object) -> str:
    """Turns MM/DD/YYYY into YYYY-MM-DD; "" for 12/31/1969, which the agency writes for none."""
    found = re.fullmatch(r"(\d\d)/(\d\d)/(199\d|20\d\d)", value) if isinstance(value, str) else None
    return f"{found[3]}-{found[1]}-{found[2]}" if found else ""
