"""What may be called an E.164 number, and that a library with the world's numbering plans agrees."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.phone import e164

NXX = st.from_regex(r"[2-9](?!11)[0-9]{2}", fullmatch=True)
LINE = st.from_regex(r"[0-9]{4}", fullmatch=True)
SHAPES = st.sampled_from(("{}-{}-{}", "({}) {}-{}", "1-{}-{}-{}", "+1 {} {} {}", "+1.{}.{}.{}", "+1{}{}{}"))
KINDS = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("697-555-0142", "+16975550142"),
        ("(697) 555-0142", "+16975550142"),
        ("1-697-555-0142", "+16975550142"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+49-30-1234567", "+49301234567"),
        ("+12345678", None),
        ("+1 697 911 0142", None),
        ("1 (11) 500 555-0162", None),
        ("55-2555-0100", None),
        ("697-911-0142", None),
        ("197-555-0142", None),
        ("697 555 0142", None),
        ("697-555-0142 ", None),
        ("+44  20 7946 0958", None),
        ("+0442079460958", None),
        ("+4420794", None),
        ("+4420794609581234", None),
        ("٦٩٧-555-0142", None),
        ("", None),
        ("+", None),
    ],
)
def test_the_rule_answers_what_it_states(original: str, expected: str | None) -> None:
    """Each clause of the rule, from both sides."""
    assert e164(original) == expected


@given(st.text(max_size=25) | st.text("+()-. 0123456789", max_size=25))
def test_every_answer_is_an_e164_number_and_its_own_answer(original: str) -> None:
    """No text raises, and what is answered is canonical: `+`, 8 to 15 ASCII digits, the same when asked
    again."""
    number = e164(original)
    if number is not None:
        assert number[0] == "+"
        assert number[1:].isascii()
        assert number[1:].isdigit()
        assert 8 <= len(number) - 1 <= 15
        assert e164(number) == number


@given(NXX, NXX, LINE, SHAPES)
def test_north_american_numbers_agree_with_phonenumbers(area: str, office: str, line: str, shape: str) -> None:
    """A North American shape has the number that Google's library reads, whether assigned or not."""
    original = shape.format(area, office, line)
    parsed = phonenumbers.parse(original, "US")
    assert e164(original) == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_international_numbers_agree_with_phonenumbers(region: str) -> None:
    """Each region's example numbers, written internationally, give the library's number; shorter ones none.

    The two may differ where a trunk prefix is left in (`+44 020 …`): the library knows each plan and drops
    it, the rule does not.
    """
    for kind in KINDS:
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        original = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert e164(original) == (number if len(number) > 8 else None)
