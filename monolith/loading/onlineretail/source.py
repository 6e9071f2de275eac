"""The Online Retail file as a source: products, customers, invoices, lines."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from monolith.loading import csvfiles
from monolith.loading.onlineretail import pages
from monolith.loading.onlineretail.lines import FILE, read_lines
from monolith.loading.onlineretail.survey import Survey
from monolith.loading.source import Stage

FIRST_PRODUCT = 100_001


class OnlineRetail:
    """`data` is the folder that holds the folder ``online-retail``."""

    name = "online-retail"

    def __init__(self, data: Path) -> None:
        self._folder = data / self.name

    def parameters(self) -> Mapping[str, str]:
        csvfiles.require(self._folder, (FILE,))
        return {"data": csvfiles.fingerprint((self._folder / FILE,))}

    def stages(self, password: str) -> Sequence[Stage]:
        """Reads the whole file once, so that a bad row anywhere stops the load before the first page."""
        csvfiles.require(self._folder, (FILE,))
        survey = Survey(FIRST_PRODUCT)
        survey.take(read_lines(self._folder / FILE))
        return (
            Stage("products", len(survey.articles), partial(pages.products, survey)),
            Stage("customers", len(survey.shoppers), partial(pages.customers, survey, password)),
            Stage("invoices", len(survey.invoices), partial(pages.invoices, survey)),
            Stage("lines", survey.rows, partial(pages.lines, survey, self._folder / FILE)),
        )
