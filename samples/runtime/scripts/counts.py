"""How often each species was predicted, as anybody would write it: this file knows nothing of graftline."""


def run(predicted, names=("setosa", "versicolor", "virginica")):
    """Return name -> how often."""
    return {name: sum(1 for each in predicted if int(each) == number) for number, name in enumerate(names)}
