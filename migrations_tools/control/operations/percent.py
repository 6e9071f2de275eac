"""Percentages as they are typed."""

from argparse import ArgumentTypeError


def percentage(text: str) -> int:
    """An integer from 0 to 100; raises `ArgumentTypeError`, which argparse answers with usage and
    exit code 2.
    """
    if not text.isdecimal() or int(text) > 100:
        raise ArgumentTypeError(f"{text!r} is no whole percentage from 0 to 100")
    return int(text)
