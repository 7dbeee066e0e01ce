from hero_tracing import flow

Grid = list[list[int]]


def fits(grid: Grid, row: int, column: int, digit: int) -> bool:
    top, left = row // 3 * 3, column // 3 * 3
    box = [grid[top + i][left + j] for i in range(3) for j in range(3)]
    return digit not in grid[row] and digit not in box and all(line[column] != digit for line in grid)


def backtrack(grid: Grid) -> bool:
    for row in range(9):
        for column in range(9):
            if grid[row][column] == 0:
                for digit in range(1, 10):
                    if fits(grid, row, column, digit):
                        grid[row][column] = digit
                        if backtrack(grid):
                            return True
                        grid[row][column] = 0
                return False
    return True


@flow
def main(grid: list[list[int]]) -> list[list[int]]:
    """Solves a Sudoku. 0 is an empty cell."""
    if not backtrack(grid):
        raise flow.Failed("this grid has no solution")
    return grid
