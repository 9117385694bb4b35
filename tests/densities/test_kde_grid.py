import numpy as np
import pytest
from tables import number_table

from klcli.densities.kde_grid import Grid
from klcli.errors import InputError


def table(p, q, bounds):
    return number_table(np.array(p, float), np.array(q, float), np.array(bounds, float))


def test_empty_cells_are_back_on_the_grid():
    counted = table([0.1, 0.2, 3.4], [5.5], np.arange(7))
    grid = Grid.behind(counted)
    assert (grid.size, grid.origin, grid.step) == (6, 0, 1)
    assert grid.cells.tolist() == [0, 3, 5]
    assert grid.spread(counted.p).tolist() == [2, 0, 0, 1, 0, 0]


def test_empty_cells_belong_to_the_nearest_occupied_one():
    grid = Grid.behind(table([0.1, 3.4], [5.5], np.arange(7))).padded(2)
    assert grid.origin == -2
    assert grid.owners().tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_open_cells_count_as_next_to_their_end():
    counted = table([-50, 0.5], [1.5, 99], [0, 1, 2])
    assert Grid.behind(counted).cells.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("bounds", [[0, 1, 3], [0, 1, np.nextafter(1, 2), 2]])
def test_unequal_cells_are_refused(bounds):
    with pytest.raises(InputError, match="equal width"):
        Grid.behind(table([0.5, 1.0, 1.5], [0.2], bounds))


def test_nothing_but_open_cells_is_refused():
    with pytest.raises(InputError, match="equal width"):
        Grid.behind(table([-1], [1], [0]))
