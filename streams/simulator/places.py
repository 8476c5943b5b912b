"""Provinces (ISO 3166-2:CN) in a fixed order, with the letter that their plates begin with."""

PLATE_LETTERS = {
    "BJ": "京", "TJ": "津", "HE": "冀", "SX": "晋", "NM": "蒙", "LN": "辽", "JL": "吉", "HL": "黑",
    "SH": "沪", "JS": "苏", "ZJ": "浙", "AH": "皖", "FJ": "闽", "JX": "赣", "SD": "鲁", "HA": "豫",
    "HB": "鄂", "HN": "湘", "GD": "粤", "GX": "桂", "HI": "琼", "CQ": "渝", "SC": "川", "GZ": "贵",
    "YN": "云", "XZ": "藏", "SN": "陕", "GS": "甘", "QH": "青", "NX": "宁", "XJ": "新",
}  # fmt: skip

PROVINCES = tuple(PLATE_LETTERS)
PROVINCE_CODES = tuple(f"CN-{name}" for name in PROVINCES)
