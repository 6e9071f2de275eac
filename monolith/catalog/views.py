"""The catalog API v1; anybody may look."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chassis import tags
from chassis.rest.pages import Pages
from monolith.catalog import services
from monolith.catalog.purging import CATEGORY, CONTEXT, PRODUCT
from monolith.catalog.serializers import CategorySerializer, ProductSerializer, SearchSerializer

KEPT = "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=300"
"""Facades keep answers, since they are told what has changed; browsers ask again, since nobody tells them."""


class CatalogView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def kept(self, answer: Response, tag: str) -> Response:
        """An answer that facades may keep, and by what they know that it has changed."""
        answer["Cache-Control"] = KEPT
        for name, value in tags.tagged(tags.everything(CONTEXT), tag).items():
            answer[name] = value
        return answer


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
        answer = pages.get_paginated_response(ProductSerializer(page, many=True).data)
        return self.kept(answer, tags.several(CONTEXT, PRODUCT))


class ProductView(CatalogView):
    @extend_schema(responses=ProductSerializer)
    def get(self, request: Request, sku: str) -> Response:  # noqa: ARG002
        """One product."""
        found = services.product(sku)
        if found is None:
            raise NotFound("No product has this code.")
        return self.kept(Response(ProductSerializer(found).data), tags.one(CONTEXT, PRODUCT, found.pk))


class CategoriesView(CatalogView):
    @extend_schema(responses=CategorySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All categories, each with the id of the one above it."""
        pages = Pages()
        page = pages.paginate_queryset(services.categories(), request)
        answer = pages.get_paginated_response(CategorySerializer(page, many=True).data)
        return self.kept(answer, tags.several(CONTEXT, CATEGORY))
