"""What units are called, and the words that a quantity is chosen from, in both languages."""

from collections.abc import Mapping

from puhui.kernel.words import Text


def _both(zh: str, en: str) -> Text:
    return {"zh-CN": zh, "en": en}


# Units of quantities, by the symbol that methodologies give them.
UNITS: Mapping[str, Text] = {
    "1": _both("", ""),
    "Wh": _both("瓦时", "Wh"),
    "Wh/day": _both("瓦时/天", "Wh a day"),
    "act": _both("次", "acts"),
    "book": _both("本", "books"),
    "box": _both("个", "boxes"),
    "day": _both("天", "days"),
    "fen": _both("分（人民币）", "fen"),
    "g": _both("克", "g"),
    "item": _both("件", "items"),
    "km": _both("公里", "km"),
    "kWh": _both("千瓦时", "kWh"),
    "kg": _both("千克", "kg"),
    "l": _both("升", "litres"),
    "m": _both("米", "m"),
    "meal": _both("餐", "meals"),
    "mg": _both("毫克", "mg"),
    "min": _both("分钟", "minutes"),
    "ml": _both("毫升", "ml"),
    "order": _both("单", "orders"),
    "person": _both("人", "persons"),
    "step": _both("步", "steps"),
    "trip": _both("次", "trips"),
}

# The words that a quantity is chosen from.
OPTIONS: Mapping[str, Text] = {
    "kitchen": _both("厨余垃圾", "kitchen waste"),
    "recyclable": _both("可回收物", "recyclables"),
    "hazardous": _both("有害垃圾", "hazardous waste"),
    "residual": _both("其他垃圾", "residual waste"),
    "bill": _both("账单", "bills"),
    "ticket": _both("票证", "tickets"),
    "receipt": _both("小票", "receipts"),
    "t_shirt": _both("T 恤", "T-shirt"),
    "shirt": _both("衬衫", "shirt"),
    "sweatshirt": _both("卫衣", "sweatshirt"),
    "pullover": _both("毛衣", "pullover"),
    "dress": _both("连衣裙", "dress"),
    "trousers": _both("长裤", "trousers"),
    "jeans": _both("牛仔裤", "jeans"),
    "coat": _both("大衣", "coat"),
    "smartphone": _both("智能手机", "smartphone"),
    "tablet": _both("平板电脑", "tablet"),
    "laptop": _both("笔记本电脑", "laptop"),
    "screen": _both("显示器", "screen"),
    "television": _both("电视机", "television"),
    "washing_machine": _both("洗衣机", "washing machine"),
    "refrigerator": _both("冰箱", "refrigerator"),
}


def option(word: str) -> Text:
    """What a choice is called; a word that the house does not know is shown as it is written."""
    return OPTIONS.get(word) or _both(word, word.replace("_", " "))


def unit(symbol: str) -> Text:
    """What a unit is called; a symbol that the house does not know is its own name."""
    return UNITS.get(symbol) or _both(symbol, symbol)
