"""The addresses of law, promises and data."""

from hub.address import API, Address, Answer, ok
from hub.api import countries, data, law
from hub.api import law_parameters as own
from hub.api import parameters as p


def law_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    page = (p.limit(50, p.MAX_LISTED), p.offset)
    listed = ok("Listing", "A page.")
    overdue = p.flag("overdue", "Only those whose day has passed, and that are not done for all who report.")
    lights = (own.light, own.badge, overdue, p.one_country, *page)
    form = p.choice("format", "Of the file.", ("csv", "json"), "json")
    figures = (
        Answer(200, "The figures, with definitions and coverage beside.", component="Figures"),
        Answer(200, "The figures as a table.", "text/csv", "FigureTable"),
    )
    return (
        Address("GET", f"{API}/consultations", "listConsultations", law.list_consultations,
                "Policies on which one can still comment, the soonest first", "Law and data",
                (p.one_country, *page), listed),
        Address("GET", f"{API}/standards", "showStandards", law.show_standards,
                "Which provisions of norms are engaged by how many events", "Law and data", (own.norm, p.one_country),
                ok("Standards", "The norms.")),
        Address("GET", f"{API}/commitments/lights", "listLights", law.list_lights,
                "Commitments by the age of their last report, and those in dispute", "Law and data", lights, listed),
        Address("GET", f"{API}/countries", "listCountries", countries.list_countries,
                "Countries of which something is known", "Law and data", (), listed),
        Address("GET", f"{API}/countries/{{code}}", "showCountry", countries.show_country,
                "Safety of lawyers and access to justice side by side", "Law and data", (),
                ok("Country", "The country.")),
        Address("GET", f"{API}/data", "downloadData", data.show_data, "Figures on legal aid as a file", "Law and data",
                (own.indicator, p.one_country, own.period, form), figures),
    )  # fmt: skip
