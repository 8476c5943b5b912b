"""China, whose documents these are where the policy names no other country: data alone.

What another country has otherwise stands in a preset or in a user's policy file, section
``[country]``. China's stands here because the pure core reads no files.
"""

from datetime import date
from typing import Final

CODE: Final = "CN"
TIMEZONE: Final = "Asia/Shanghai"
STANDARD_OFFSET_HOURS: Final = 8
LAST_DAYLIGHT_SAVING: Final = date(1991, 12, 31)
"""Daylight saving time was kept from 1986 to 1991."""

CURRENCY: Final = "CNY"
MONEY: Final = "yuan"
VALUE_ADDED_TAX: Final = 0.13
"""Contained in the price on a registration, not in a declared value."""
EXPORT_REBATE: Final = 0.13
"""Of value added tax on complete cars (customs tariff, 8703)."""

REGIONS: Final = {
    "CN-BJ": "Beijing",
    "CN-TJ": "Tianjin",
    "CN-HE": "Hebei",
    "CN-SX": "Shanxi",
    "CN-NM": "Nei Mongol",
    "CN-LN": "Liaoning",
    "CN-JL": "Jilin",
    "CN-HL": "Heilongjiang",
    "CN-SH": "Shanghai",
    "CN-JS": "Jiangsu",
    "CN-ZJ": "Zhejiang",
    "CN-AH": "Anhui",
    "CN-FJ": "Fujian",
    "CN-JX": "Jiangxi",
    "CN-SD": "Shandong",
    "CN-HA": "Henan",
    "CN-HB": "Hubei",
    "CN-HN": "Hunan",
    "CN-GD": "Guangdong",
    "CN-GX": "Guangxi",
    "CN-HI": "Hainan",
    "CN-CQ": "Chongqing",
    "CN-SC": "Sichuan",
    "CN-GZ": "Guizhou",
    "CN-YN": "Yunnan",
    "CN-XZ": "Xizang",
    "CN-SN": "Shaanxi",
    "CN-GS": "Gansu",
    "CN-QH": "Qinghai",
    "CN-NX": "Ningxia",
    "CN-XJ": "Xinjiang",
    "CN-HK": "Hong Kong",
    "CN-MO": "Macao",
    "CN-TW": "Taiwan",
}
"""ISO 3166-2:CN code to name; the list has the two special regions and Taiwan too."""

MAP: Final = (
    ".. .. .. .. .. .. .. HL",
    ".. .. .. .. .. NM .. JL",
    "XJ .. GS NX SX BJ TJ LN",
    ".. QH .. SN HA HE SD ..",
    ".. XZ SC CQ HB AH JS SH",
    ".. .. YN GZ HN JX ZJ ..",
    ".. .. .. GX GD FJ TW ..",
    ".. .. .. HI MO HK .. ..",
)
"""Every province about where a map has it."""
WITHOUT_OWN_REGISTER: Final = ("CN-HK", "CN-MO", "CN-TW")

FEASTS: Final = (
    # Rush, wind-down, feast, return and rebound.
    (
        "Chinese New Year",
        "lunar new year",
        ((-14, -8), (-7, -1), (0, 6), (7, 13), (14, 20)),
        21,
    ),
    # The feast, and the week that catches up.
    ("Golden Week", "10-01", ((0, 6), (7, 13)), 10),
)
"""Name, day, windows of days that counts know, and within how many days it is named."""

CAUSES: Final = (
    ("2019-05-01", "used-car exports allowed from ten places"),
    ("2020-11-01", "used-car exports allowed from about twenty more places"),
    ("2022-12-01", "used-car exports allowed from fourteen more places"),
    ("2024-03-01", "used-car exports allowed nationwide under licence (Announcement 6/2024)"),
    ("2024-04-01", "Russia collects unpaid duties on cars cleared in its customs union"),
    ("2024-10-01", "Russian recycling fee rises"),
    ("2025-01-01", "Russian recycling fee rises"),
    ("2025-05-01", "Uzbekistan's fee on electric cars rises"),
    ("2025-09-25", "Kyrgyzstan's duty-free quota of electric cars is used up"),
    ("2025-11-01", "Jordan requires conformity to foreign standards and taxes anew"),
    ("2025-12-01", "Russian low rate for persons ends above 160 hp"),
    ("2026-01-01", "manufacturer's letter needed within 180 days of registration"),
)
"""Published policy dates that are known to move exports."""
