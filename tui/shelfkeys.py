"""Keys of the registry's screens."""

from __future__ import annotations

from .key import Key

SHELF_KEYS: dict[str, Key] = {
    "shelf.run": Key(
        keys="o",
        action="open_run",
        label="its run",
        teaches="Open the run that made the generation.",
        cli="graft show RUN",
    ),
    "shelf.diff": Key(
        keys="d",
        action="diff",
        label="diff",
        teaches="What differs from the champion, or from the generation before: code, parameters, metrics, packages.",
    ),
    "shelf.train": Key(
        keys="r",
        action="begin_run('train')",
        label="train",
        teaches="Train the lineage again: a form, and what would run before it does.",
        cli="graft train PROJECT/LINEAGE",
    ),
    "shelf.apply": Key(
        keys="a",
        action="begin_run('apply')",
        label="apply",
        teaches="Apply the generation: engine, bounds and where the predictions go.",
        cli="graft apply PROJECT/LINEAGE/GENERATION",
    ),
    "shelf.eval": Key(
        keys="v",
        action="begin_run('eval')",
        label="evaluate",
        teaches="Score the generation on rows with labels.",
        cli="graft eval PROJECT/LINEAGE/GENERATION",
    ),
    "shelf.alias": Key(
        keys="*",
        action="alias",
        label="set alias",
        teaches="Have an alias stand at the generation; each gate is shown with its numbers first.",
        cli="graft alias set ADDRESS NAME",
    ),
    "shelf.back": Key(
        keys="u",
        action="roll_back",
        label="roll back",
        teaches="Put an alias back to where it stood before.",
        cli="graft rollback PROJECT@ALIAS",
    ),
    "shelf.release": Key(
        keys="n",
        action="release",
        label="release",
        teaches="Publish the working copy as a new lineage; which files differ is shown first.",
        cli="graft release --bump PART",
    ),
    "shelf.copy": Key(
        keys="C",
        action="copy_to",
        label="copy to",
        teaches="Copy what the cursor is on to another registry; what would be sent is shown first.",
        cli="graft copy ADDRESS --to REGISTRY",
    ),
    "shelf.export": Key(
        keys="E",
        action="export",
        label="export",
        teaches="Write what the cursor is on to one file, with code, states and aliases.",
        cli="graft export ADDRESS -o FILE",
    ),
    "shelf.remove": Key(
        keys="D",
        action="remove",
        label="remove",
        teaches="Remove a generation, a lineage or a project, once its address was typed.",
        cli="graft remove ADDRESS",
    ),
    "shelf.verify": Key(
        keys="V",
        action="verify",
        label="verify bytes",
        teaches="Read every byte of the generation, or the lineage's code, against its digest; nothing is unpickled.",
    ),
    "shelf.dev": Key(
        keys="ctrl+a",
        action="toggle_dev",
        label="dev versions",
        teaches="Development versions too, which training the working copy makes, or releases alone.",
        cli="graft list PROJECT --all",
    ),
    "shelf.registry": Key(
        keys="p",
        action="choose_registry",
        label="registry",
        teaches="Look at another registry: one of the configuration, or a directory.",
        cli="graft list",
    ),
    "shelf.yank": Key(
        keys="y", action="copy", label="copy", teaches="Copy the address, the command, the run or the commit."
    ),
    "shelfdiff.other": Key(
        keys="d",
        action="other",
        label="other side",
        teaches="Compare with the champion, or with the generation before.",
    ),
    "shelfdiff.all": Key(
        keys="=", action="toggle_all", label="equal too", teaches="Show what is equal too, or differences alone."
    ),
    "shelfdiff.copy": Key(keys="y", action="copy", label="copy", teaches="Copy the two addresses."),
}
"""By id; a part of `keys.KEYS`."""
