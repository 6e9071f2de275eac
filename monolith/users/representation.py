"""What the API says of a customer. Written by hand, since reading a profile is the most frequent request of all; the
serializers of `serializers.py` describe the same shapes for the OpenAPI document, and a test holds the two together.
"""

from typing import Any

from monolith.users import shapes
from monolith.users.models import EmailPromotion, PhoneType, User

PHONE_TYPES = {kind.value: kind.name.lower() for kind in PhoneType}
PROMOTIONS = {kind.value: kind.name.lower() for kind in EmailPromotion}


def user_json(user: User) -> dict[str, Any]:
    """`UserSerializer`'s shape; times, ids and addresses are left to the renderer."""
    return {
        "id": user.public_id,
        "key": user.id,
        "email": user.email,
        "title": user.title,
        "first_name": user.first_name,
        "middle_name": user.middle_name,
        "last_name": user.last_name,
        "suffix": user.suffix,
        "nickname": user.nickname,
        "display_name": shapes.display_name(user),
        "phone": user.phone,
        "phone_type": PHONE_TYPES[user.phone_type],
        "email_promotion": PROMOTIONS[user.email_promotion],
        "account_number": user.account_number,
        "is_active": user.is_active,
        "profile_address": shapes.profile_address(user),
        "date_joined": user.date_joined,
        "modified": user.modified,
    }
