"""Valid inputs made wrong: as bytes, as text of fields, as JSON-like trees. All chance is the caller's."""

import math
import random
from collections.abc import Callable
from typing import Any

ODD_TEXTS = (
    "", " ", "\t", "\r", "\x00", "\x1f", "\x7f", "\ufeff", "\u2028", "\u202e", "٣٤٥", "１２", "Ⅷ", "é", "e\u0301",
    "😀", "𝟘", "\U0010ffff", "NaN", "nan", "inf", "-inf", "Infinity", "-0", "+5", "0x10", "1e3", "1e400", "1_000", "0.1",
    "-1", "99999999999999999999999", "9" * 400, "9" * 5000, "null", "None", "true", "[]", "{}", "'", '"', '""', "\\",
    "|", "||", "/", "a/b", "a/b/c", "../..", "%s%n", "${x}", "<b>", "1999-13-45", "2026-03-29T02:30:00+01:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "24:00:00", "99:99:99", "-1:00:00", "=1+1", "x" * 200,
    "x" * 70_000,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, -0.0, math.nan, math.inf, -math.inf, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64,
    10**30, 1e308, [], {}, [None], {"": None}, [[]], *ODD_TEXTS,
)  # fmt: skip


def chosen(chance: random.Random, *ways: Callable[[], Any]) -> Any:
    """What one of the ways gives."""
    return chance.choice(ways)()


def odd_text(chance: random.Random) -> str:
    """A text that hardly any field expects."""
    if chance.random() < 0.8:
        return chance.choice(ODD_TEXTS)
    length = chance.choice((1, 3, 20))
    return "".join(
        chr(chance.choice((chance.randrange(0xD800), chance.randrange(0xE000, 0x11_0000)))) for _ in range(length)
    )


def field(chance: random.Random, value: str) -> str:
    """Another text instead of a field's."""
    return str(
        chosen(
            chance,
            lambda: odd_text(chance),
            lambda: value + odd_text(chance),
            lambda: odd_text(chance) + value,
            lambda: value[: chance.randrange(len(value) + 1)],
            lambda: value * chance.choice((2, 50)),
            value.swapcase,
            lambda: value[::-1],
            lambda: _one_character(chance, value),
        )
    )


def fields(chance: random.Random, values: list[str]) -> list[str]:
    """Some fields made odd, dropped, repeated, or exchanged."""
    made = list(values)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        if not made:
            return [odd_text(chance)]
        place = chance.randrange(len(made))
        match chance.randrange(8):
            case 0:
                del made[place]
            case 1:
                made.insert(place, odd_text(chance))
            case 2:
                other = chance.randrange(len(made))
                made[place], made[other] = made[other], made[place]
            case 3:
                made = made[: place + 1]
            case _:
                made[place] = field(chance, made[place])
    return made


def raw(chance: random.Random, value: bytes) -> bytes:
    """Bits flipped, bytes lost, cut, repeated, or something else altogether."""
    made = bytearray(value)
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(made) + 1)
        match chance.randrange(6):
            case 0:
                made[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del made[place : place + chance.choice((1, 4, 100))]
            case 2:
                made[place:place] = chance.randbytes(chance.choice((1, 8)))
            case 3:
                made = made[:place]
            case 4:
                made[place:place] = made[: chance.randrange(50)]
            case _ if place < len(made):
                made[place] ^= 1 << chance.randrange(8)
    return bytes(made) if chance.random() < 0.97 else chance.randbytes(chance.randrange(200))


def tree(chance: random.Random, value: Any) -> Any:
    """A JSON-like value with something wrong somewhere in it: a value, a type, a key, a depth."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        return _dictionary(chance, value)
    if isinstance(value, list) and value and chance.random() < 0.7:
        made = list(value)
        place = chance.randrange(len(made))
        match chance.randrange(4):
            case 0:
                del made[place]
            case 1:
                made.insert(place, odd_value(chance))
            case _:
                made[place] = tree(chance, made[place])
        return made
    if isinstance(value, str) and chance.random() < 0.6:
        return field(chance, value)
    return odd_value(chance)


def odd_value(chance: random.Random) -> Any:
    """Something of any type; now and then very deep."""
    if chance.random() < 0.02:
        return deep(chance.choice((50, 150, 400)))
    return chance.choice(ODD_VALUES)


def deep(depth: int) -> Any:
    """Lists in lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def _dictionary(chance: random.Random, value: dict[str, Any]) -> dict[str, Any]:
    made = dict(value)
    key = chance.choice(list(made))
    match chance.randrange(7):
        case 0:
            del made[key]
        case 1:
            made[odd_text(chance)] = odd_value(chance)
        case 2:
            made[field(chance, key)] = made.pop(key)
        case 3:
            made[key] = made[chance.choice(list(made))]
        case _:
            made[key] = tree(chance, made[key])
    return made


def _one_character(chance: random.Random, value: str) -> str:
    place = chance.randrange(len(value) + 1)
    return value[:place] + chance.choice(ODD_TEXTS)[:1] + value[place + 1 :]
