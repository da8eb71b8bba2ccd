"""The graphviz runner: a pipeline as a picture; nothing is executed."""
