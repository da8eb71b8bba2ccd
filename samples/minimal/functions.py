"""The work, as plain functions: nothing here knows of graftline."""


def numbers(n: int = 100):
    """Return n numbers."""
    return [i * i % 97 for i in range(n)]


def summarise(numbers):
    """Return the mean and the largest of the numbers that an earlier step returned."""
    print(f"{len(numbers)} numbers")
    return sum(numbers) / len(numbers), max(numbers)


def write_report(numbers, mean, largest):
    """Write report.txt."""
    with open("report.txt", "w") as file:
        file.write(f"{len(numbers)} numbers, {mean:.2f} on average, {largest} at most\n")
