"""Where the replica protocol answers; included under `/internal/replica/` on both sides."""

from django.urls import path

from chassis.replica import views

urlpatterns = [
    path("<str:context>/authority", views.authority_row),
    path("<str:context>/<str:aggregate>/batches", views.batches),
    path("<str:context>/<str:aggregate>/rehearsals", views.rehearsals),
    path("<str:context>/<str:aggregate>/documents", views.documents),
    path("<str:context>/<str:aggregate>/keys", views.keys),
    path("<str:context>/<str:aggregate>/digest", views.range_digest),
]
