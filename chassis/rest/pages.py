"""Numbered pages of 50: `{count, next, previous, results}`.

`next` and `previous` are references relative to the host (RFC 3986, section 4.2), so that an answer reads
the same whichever process gave it and however many proxies stood before it.
"""

from rest_framework.pagination import PageNumberPagination
from rest_framework.utils.urls import remove_query_param, replace_query_param


class Pages(PageNumberPagination):
    """A page that is not there (0, -1, x, one beyond the last) is a 404."""

    page_size = 50

    def get_next_link(self) -> str | None:
        if self.page is None or not self.page.has_next():
            return None
        return self._link(self.page.next_page_number())

    def get_previous_link(self) -> str | None:
        if self.page is None or not self.page.has_previous():
            return None
        return self._link(self.page.previous_page_number())

    def _link(self, number: int) -> str:
        assert self.request is not None
        here = self.request.get_full_path()
        if number == 1:
            return remove_query_param(here, self.page_query_param)
        return replace_query_param(here, self.page_query_param, number)
