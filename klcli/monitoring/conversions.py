"""Units that get mixed up: batch = factor · reference + offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.data.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

#: (factor, offset, unit of the reference, unit of the batch). The inverses are looked for, too.
_TABLE: Final = (
    (3.280839895, 0.0, "metres", "feet"),
    (39.37007874, 0.0, "metres", "inches"),
    (0.3937007874, 0.0, "centimetres", "inches"),
    (25.4, 0.0, "inches", "millimetres"),
    (30.48, 0.0, "feet", "centimetres"),
    (0.6213711922, 0.0, "kilometres", "miles"),
    (0.5399568035, 0.0, "kilometres", "nautical miles"),
    (1.150779448, 0.0, "nautical miles", "miles"),
    (1.093613298, 0.0, "metres", "yards"),
    (10.76391042, 0.0, "square metres", "square feet"),
    (2.471053815, 0.0, "hectares", "acres"),
    (35.31466672, 0.0, "cubic metres", "cubic feet"),
    (2.2046226218, 0.0, "kilograms", "pounds"),
    (0.0352739619, 0.0, "grams", "ounces"),
    (16.0, 0.0, "pounds", "ounces"),
    (0.2641720524, 0.0, "litres", "gallons"),
    (264.1720524, 0.0, "cubic metres", "gallons"),
    (3.6, 0.0, "m/s", "km/h"),
    (2.236936292, 0.0, "m/s", "mph"),
    (1.943844492, 0.0, "m/s", "knots"),
    (1.8, 32.0, "°C", "°F"),
    (1.0, 273.15, "°C", "K"),
    (1.8, 0.0, "K", "degrees Rankine"),
    (0.0295299830, 0.0, "hPa", "inches of mercury"),
    (0.7500615613, 0.0, "hPa", "mmHg"),
    (14.50377377, 0.0, "bar", "psi"),
    (0.239005736, 0.0, "joules", "calories"),
    (1.341022090, 0.0, "kilowatts", "horsepower"),
    (18.01559, 0.0, "mmol/l of glucose", "mg/dl"),
    (57.29577951, 0.0, "radians", "degrees"),
    (8.0, 0.0, "bytes", "bits"),
    (2.0, 0.0, "", ""),
    (10.0, 0.0, "", ""),
    (100.0, 0.0, "", ""),
    (1000.0, 0.0, "", ""),
    (1024.0, 0.0, "", ""),
    (1048576.0, 0.0, "", ""),
    (1e6, 0.0, "", ""),
    (1e9, 0.0, "", ""),
    (12.0, 0.0, "", ""),
    (24.0, 0.0, "", ""),
    (60.0, 0.0, "", ""),
    (1440.0, 0.0, "", ""),
    (3600.0, 0.0, "", ""),
    (86400.0, 0.0, "", ""),
)  # fmt: skip
#: Factors that others are hard to tell from, and that are meant less often than these.
_RARE: Final = (1024.0, 1048576.0)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A factor, an offset, and the units that they lead from and to, where they have names."""

    factor: float
    offset: float = 0.0
    before: str = ""
    after: str = ""

    @property
    def rare(self) -> bool:
        """Whether a factor nearby is meant more often."""
        return max(self.factor, 1 / self.factor) in _RARE

    @property
    def words(self) -> str:
        """What is done to the values of the reference."""
        text = "" if self.factor == 1 else f"times {number(self.factor)}"
        if self.factor == -1:
            text = "with the sign reversed"
        elif 0 < self.factor < 1 and abs(1 / self.factor - round(1 / self.factor)) < 1e-9:
            text = f"divided by {round(1 / self.factor)}"
        if self.offset:
            text += f" {'plus' if self.offset > 0 else 'minus'} {abs(self.offset):.5g}"
        units = f" ({self.before} to {self.after})" if self.before else ""
        return text.strip() + units


def conversions() -> Iterator[Conversion]:
    """Yield the changes of unit that are known, in both directions."""
    for factor, offset, before, after in _TABLE:
        yield Conversion(factor, offset, before, after)
        yield Conversion(1 / factor, -offset / factor, after, before)
    yield Conversion(-1.0)
