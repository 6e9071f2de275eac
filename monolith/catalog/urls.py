"""The catalog API v1, below `/api/v1/catalog/`."""

from django.urls import path, re_path

from monolith.catalog.views import CategoriesView, ProductsView, ProductView

urlpatterns = [
    path("products", ProductsView.as_view()),
    # A code is what its column can hold: at most 40 characters, no control characters.
    re_path(r"^products/(?P<sku>[^/\x00-\x1f]{1,40})$", ProductView.as_view()),
    path("categories", CategoriesView.as_view()),
]
