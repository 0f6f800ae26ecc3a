# SPDX-License-Identifier: MIT
"""A figure of 'make bench', and what it shall be."""

from typing import NamedTuple, Optional, Union

Number = Union[int, float]


class Figure(NamedTuple):
    """What must hold binds; so does a goal, where nothing else must."""
    name: str
    value: Number
    unit: str
    goal: Optional[Number] = None
    must: Optional[Number] = None
    beside: Optional[Number] = None     # the textbook's
    at_least: bool = False              # the more the better

    def _is_beyond(self, limit):
        if limit is None:
            return False
        return self.value < limit if self.at_least else self.value > limit

    def misses_goal(self):
        return self._is_beyond(self.goal)

    def is_missed(self):
        return self._is_beyond(self.goal if self.must is None else self.must)

    def line(self):
        numbers = "".join(
            f"{'-' if number is None else format(number, ','):>14}"
            for number in (self.value, self.must, self.goal, self.beside))
        mark = ("  MISSED" if self.is_missed() else
                "  not the goal" if self.misses_goal() else "")
        return f"{self.name:30}{numbers}  {self.unit}{mark}"


HEADING = (f"{'figure':30}{'value':>14}{'must':>14}{'goal':>14}"
           f"{'textbook':>14}  unit")
