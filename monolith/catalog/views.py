"""The catalog API v1; anybody may look."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chassis.rest.pages import Pages
from monolith.catalog import services
from monolith.catalog.serializers import CategorySerializer, ProductSerializer, SearchSerializer


class CatalogView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)


class ProductsView(CatalogView):
    @extend_schema(parameters=[SearchSerializer], responses=ProductSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What is for sale, by code."""
        asked = SearchSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        pages = Pages()
        found = services.search(wanted.get("category"), wanted.get("q", ""))
        page = pages.paginate_queryset(found, request)
        return pages.get_paginated_response(ProductSerializer(page, many=True).data)


class ProductView(CatalogView):
    @extend_schema(responses=ProductSerializer)
    def get(self, request: Request, sku: str) -> Response:  # noqa: ARG002
        """One product."""
        found = services.product(sku)
        if found is None:
            raise NotFound("No product has this code.")
        return Response(ProductSerializer(found).data)


class CategoriesView(CatalogView):
    @extend_schema(responses=CategorySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All categories, each with the id of the one above it."""
        pages = Pages()
        page = pages.paginate_queryset(services.categories(), request)
        return pages.get_paginated_response(CategorySerializer(page, many=True).data)
